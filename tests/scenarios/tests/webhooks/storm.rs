//! WHK-1 to WHK-4: ten thousand deliveries of some three thousand events, and the gate is killed eight times in between.

use std::thread;
use std::time::{Duration, Instant};

use scenarios::hooks::{Event, Sign, Storm, Told};
use scenarios::random::{Seeded, seed};
use scenarios::{Gate, eventually, json};

use crate::corrections::Corrected;
use crate::jobs::Jobs;
use crate::kept;
use crate::live::Live;
use crate::machine;

const DELIVERIES: usize = 12_000;
/// Forgeries among them.
const BAD: usize = 2_000;
const CONNECTIONS: usize = 24;
const KILLS: usize = 8;
/// How long the gate stays down: vendors knock at a closed door.
const DOWN: Duration = Duration::from_millis(200);
/// What a kill cuts off is the reaper's after 30 s.
pub const HEALED_WITHIN: Duration = Duration::from_secs(90);

#[test]
fn whk_4_after_a_storm_of_ten_thousand_every_event_has_exactly_one_effect() {
    let _machine = machine();
    let seed = seed("webhooks");
    let mut gate = Gate::start();
    let kept = kept::events(&gate, 400);
    let corrected = Corrected::prepare(&gate, 400);
    let live = Live::prepare(&gate, 40);
    let jobs = Jobs::prepare(&gate, 80);
    let events = [kept, corrected.events.clone(), live.events.clone(), jobs.events.clone()].concat();
    let storm = Storm::of(events, DELIVERIES, BAD, &mut Seeded::new(seed, u64::MAX));

    let began = Instant::now();
    storm.aim(&[&gate.url]);
    thread::scope(|scope| {
        let raging = scope.spawn(|| storm.rage(CONNECTIONS, seed));
        for kill in 1..=KILLS {
            storm.wait_for(DELIVERIES * kill / (KILLS + 1));
            gate.kill9();
            storm.aim(&[]);
            thread::sleep(DOWN);
            gate.restart();
            storm.aim(&[&gate.url]);
        }
        raging.join().expect("a vendor failed");
    });
    println!("{DELIVERIES} deliveries of {} events in {:?}", storm.events.len(), began.elapsed());
    assert_eq!(storm.refused(), BAD, "every forgery was refused");
    let all = assert_answers(&storm);
    assert!(all.unanswered > 0, "the kills cut nothing off");

    jobs.check(&gate);
    live.check(&gate);
    corrected.check(&gate);
    let letters = gate.admin().get("/v1/webhooks/dead-letters").expect(200);
    assert_eq!(letters["dead_letters"], json!([]));
    let metrics = gate.admin().get("/metrics").text();
    // What was answered was counted before; what was cut off may have been.
    for (status, least) in [("rejected", BAD as u32), ("duplicate", all.duplicate), ("verified", all.accepted)] {
        assert!(counted(&metrics, status) >= least, "{least} {status}: {metrics}");
    }
    assert_eq!(counted(&metrics, "dead"), 0);
    eventually("the reaper to put right what was cut off", HEALED_WITHIN, || gate.is_healed().then_some(()));
    gate.verify();
    gate.stop_and_verify_healed();
    for (vendor, count) in [("generic", of(&storm, "generic")), ("openai", 400), ("kie", 80)] {
        assert_eq!(kept::count(&gate, vendor), count, "events of {vendor} that were kept");
    }
}

/// Each event was answered, and is accepted once; another time only where the first answer may have been lost with the gate,
/// or by somebody who came much later and went on with what two of the first had left undone.
pub fn assert_answers(storm: &Storm) -> Told {
    let mut all = Told::default();
    for (event, told) in storm.told() {
        assert!(told.accepted + told.duplicate > 0, "{event:?}");
        let once = told.accepted - told.accepted_late;
        let fits = if told.unanswered == 0 { once == 1 } else { once <= 1 + told.unanswered };
        assert!(fits, "{told:?} of {event:?}");
        all.accepted += told.accepted;
        all.accepted_late += told.accepted_late;
        all.duplicate += told.duplicate;
        all.unanswered += told.unanswered;
    }
    println!("{all:?}");
    assert!(all.duplicate as usize > storm.events.len(), "there were duplicates: {all:?}");
    all
}

fn of(storm: &Storm, vendor: &str) -> usize {
    let route = format!("/v1/webhooks/{vendor}/");
    let is_own = |event: &&Event| event.route.starts_with(&route) && !matches!(event.sign, Sign::Nothing);
    storm.events.iter().filter(is_own).count()
}

fn counted(metrics: &str, status: &str) -> u32 {
    let name = format!("webhook_events_total{{status=\"{status}\"}} ");
    let count = metrics.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok());
    count.unwrap_or_else(|| panic!("no {status} in {metrics}"))
}
