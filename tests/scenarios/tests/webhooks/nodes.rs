//! OPS-6, WHK-2: two gates on one Redis take the same events at the same time, and one of them is killed.

use std::thread;
use std::time::Instant;

use scenarios::hooks::Storm;
use scenarios::random::{Seeded, seed};
use scenarios::{Nodes, eventually};

use crate::corrections::Corrected;
use crate::jobs::Jobs;
use crate::machine;
use crate::storm::{HEALED_WITHIN, assert_answers};
use crate::{kept, live::Live};

const DELIVERIES: usize = 6_000;
/// Forgeries among them.
const BAD: usize = 500;
const CONNECTIONS: usize = 16;

#[test]
fn ops_6_whk_2_events_that_come_to_two_gates_at_once_have_one_effect() {
    let _machine = machine();
    let seed = seed("webhooks at two gates");
    let mut nodes = Nodes::start(2);
    let gate = &nodes.gates[0];
    let corrected = Corrected::prepare(gate, 250);
    let (live, jobs) = (Live::prepare(gate, 20), Jobs::prepare(gate, 30));
    let events = [kept::events(gate, 400), corrected.events.clone(), live.events.clone(), jobs.events.clone()].concat();
    assert_eq!(events.len(), 2_000);
    let storm = Storm::of(events, DELIVERIES, BAD, &mut Seeded::new(seed, u64::MAX));

    let began = Instant::now();
    storm.aim(&[&nodes.gates[0].url, &nodes.gates[1].url]);
    thread::scope(|scope| {
        let raging = scope.spawn(|| storm.rage(CONNECTIONS, seed));
        storm.wait_for(DELIVERIES / 3);
        // Its deliveries go to the other one, which finds what it has left.
        nodes.gates[1].kill9();
        storm.aim(&[&nodes.gates[0].url]);
        storm.wait_for(DELIVERIES / 2);
        nodes.gates[1].restart();
        storm.aim(&[&nodes.gates[0].url, &nodes.gates[1].url]);
        raging.join().expect("a vendor failed");
    });
    println!("{DELIVERIES} deliveries of {} events at two gates in {:?}", storm.events.len(), began.elapsed());
    assert_eq!(storm.refused(), BAD, "every forgery was refused");
    assert_answers(&storm);

    let [one, other] = &nodes.gates[..] else { panic!("two gates") };
    jobs.check(one);
    live.check(other);
    corrected.check(one);
    eventually("the reaper to put right what was cut off", HEALED_WITHIN, || one.is_healed().then_some(()));
    nodes.verify();
}
