//! Cost as things grow: tenants, entries of the log, open permits. It must stay flat, or grow as a logarithm does.
//!
//! A gate is started on a folder that is filled as long use would have left it (see [`crate::fill`]), and the same calls
//! are made one after the other on one connection. Beside what a caller waits for stands what the processor does for a
//! call, which neighbours on the machine disturb less, and what it does each second when nobody calls.
//!
//! The smallest size, ten tenants, has a thousand entries and ten open permits too: it is the first of all three rows.

mod caller;
mod grown;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use scenarios::json;

use crate::fill::Sizes;
use crate::measure::kernel::{memory, processor_time};
use crate::measure::stats::{median, percentile};
use crate::plan::Deadline;
use crate::report::{Measure, Record, Unit};
use crate::rig::Rig;
use crate::rig::contestant::{CHAT, MODEL, RELAXED};
use caller::{Call, Caller};
use grown::Grown;

const CASE: &str = "growth";
/// How long a gate is left alone after its start, at least and at most: it reads the names of all keys in the background.
const SETTLE: Duration = Duration::from_secs(2);
const SETTLE_LIMIT: Duration = Duration::from_secs(20);
/// A look whether it is still at that: more than a fifth of the time at work, for neighbours may take the rest.
const GLANCE: Duration = Duration::from_millis(500);
/// How long it is then watched doing nothing.
const IDLE: Duration = Duration::from_secs(3);
/// Rounds of maintenance that are timed. The gate has its own once a second, and whoever comes meanwhile finds nothing to
/// do; so they are spread over more than a second.
const ROUNDS: usize = 9;
const BETWEEN_ROUNDS: Duration = Duration::from_millis(130);
/// Before anything is timed: instances and caches are as they will be.
const WARM_UP: usize = 30;
/// A page's address may open 200 sessions at once: so many are timed, and then one is opened for the chat calls.
const SESSIONS: usize = 150;
/// What a step takes beside filling a folder, on a machine that has others to serve.
const CALLS: Duration = Duration::from_secs(20);
/// What filling takes for each thing, until it is known from so many that a start no longer shows.
const FIRST_GUESS: Duration = Duration::from_micros(70);
/// See [`FIRST_GUESS`].
const TELLING: u64 = 50_000;
/// At most, of what leaves something behind: it must not become what is measured.
const MOST_CALLS: usize = 400;

pub fn run(rig: &Rig, until: Deadline, record: &mut Record) -> Result<()> {
    let mut filling_one = FIRST_GUESS;
    for (name, sizes) in steps() {
        let things = sizes.tenants + sizes.entries + sizes.permits;
        if until.left() < CALLS + filling_one.mul_f64(things as f64 * 1.5) {
            record.skip(&format!("{CASE}, {name}"), "the time is up");
            continue;
        }
        let began = Instant::now();
        let grown = Grown::start(rig, sizes)?;
        look(rig, &grown, &name, record)?;
        if things >= TELLING {
            filling_one = Duration::from_secs_f64(grown.filled_s / things as f64);
        }
        eprintln!("      {name}: filled in {:.1} s, all in {:.1} s", grown.filled_s, began.elapsed().as_secs_f64());
    }
    Ok(())
}

/// One thing grows at a time.
fn steps() -> Vec<(String, Sizes)> {
    let small = Sizes { tenants: 10, entries: 1_000, permits: 10 };
    let tenants = [10, 1_000, 100_000].map(|tenants| (format!("{tenants} tenants"), Sizes { tenants, ..small }));
    let permits = [1_000, 10_000].map(|permits| (format!("{permits} open permits"), Sizes { permits, ..small }));
    // What takes longest to fill comes last, where it can be left out.
    let entries =
        [10_000, 100_000, 1_000_000].map(|entries| (format!("{entries} entries"), Sizes { entries, ..small }));
    [Vec::from(tenants), permits.into(), entries.into()].concat()
}

fn look(rig: &Rig, grown: &Grown, size: &str, record: &mut Record) -> Result<()> {
    let mut note =
        |what: &str, unit: Unit, value: f64| record.add(&Measure::new(CASE, size, RELAXED, what, unit), value);
    let process = grown.process();
    note("start", Unit::Milliseconds, grown.started_s * 1e3);
    settle(process)?;
    let before = processor_time(process)?;
    note("start, processor until calm", Unit::Milliseconds, before.as_secs_f64() * 1e3);
    note("memory", Unit::Kibibytes, memory(process)?.rss_kib as f64);
    thread::sleep(IDLE);
    let idle = (processor_time(process)? - before).as_secs_f64() / IDLE.as_secs_f64();
    note("processor, idle, each second", Unit::Milliseconds, idle * 1e3);

    let mut caller = Caller::to(&grown.url)?;
    let maintenance = Call::new("POST", "/v1/maintenance", &grown.admin(), "");
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.extend(repeat(&mut caller, &maintenance, 0, Until::Calls(1))?);
        thread::sleep(BETWEEN_ROUNDS);
    }
    note("round of maintenance", Unit::Milliseconds, median(&rounds).unwrap_or_default() * 1e3);

    let read = Until::Time(rig.plan.probe());
    let settled = Until::Time(rig.plan.load() / 2);
    let chat = json!({"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}).to_string();
    let estimate = json!({"capability": "chat", "provider": "openai", "model": MODEL,
        "estimate": {"units": 30, "unit_type": "output_tokens"}});
    let calls = [
        ("usage", Call::new("GET", "/v1/usage", &grown.server(), ""), read),
        ("page of the log", Call::new("GET", "/v1/audit/entries?limit=50", &grown.server(), ""), read),
        ("list of tenants", Call::new("GET", "/v1/tenants?limit=10", &grown.admin(), ""), read),
        ("session", grown.session(), Until::Calls(SESSIONS)),
        ("chat", Call::new("POST", CHAT, &grown.page()?, &chat), settled),
        ("pre-flight", Call::new("POST", "/v1/preflight", &grown.server(), &estimate.to_string()), settled),
    ];
    for (name, call, until) in &calls {
        let before = (processor_time(process)?, Instant::now());
        let waits = repeat(&mut caller, call, WARM_UP, *until)?;
        let passed = before.1.elapsed().as_secs_f64();
        let busy = (processor_time(process)? - before.0).as_secs_f64() - idle * passed;
        note(&format!("{name}, p50"), Unit::Microseconds, median(&waits).unwrap_or_default() * 1e6);
        note(&format!("{name}, p99"), Unit::Microseconds, percentile(&waits, 99.0).unwrap_or_default() * 1e6);
        note(&format!("{name}, processor"), Unit::Microseconds, busy.max(0.0) * 1e6 / (waits.len() + WARM_UP) as f64);
    }
    Ok(())
}

/// Waits until a gate has done what a start leaves to do.
fn settle(process: u32) -> Result<()> {
    let began = Instant::now();
    thread::sleep(SETTLE);
    while began.elapsed() < SETTLE_LIMIT {
        let before = processor_time(process)?;
        thread::sleep(GLANCE);
        if processor_time(process)? - before < GLANCE / 5 {
            break;
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Until {
    Calls(usize),
    Time(Duration),
}

/// One after the other; gives how long each took, in seconds.
fn repeat(caller: &mut Caller, call: &Call, warm_up: usize, until: Until) -> Result<Vec<f64>> {
    for _ in 0..warm_up {
        caller.make(call)?;
    }
    let (began, mut waits) = (Instant::now(), Vec::new());
    let goes_on = |done: usize| match until {
        Until::Calls(calls) => done < calls,
        Until::Time(time) => began.elapsed() < time && done < MOST_CALLS,
    };
    while goes_on(waits.len()) {
        let sent = Instant::now();
        caller.make(call)?;
        waits.push(sent.elapsed().as_secs_f64());
    }
    ensure!(!waits.is_empty(), "no call was made");
    Ok(waits)
}
