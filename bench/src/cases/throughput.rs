//! Chat calls per second at 32 connections, and the processor's time that each costs.
//!
//! The time is the steadier number of the two: it hardly changes when others use the machine.

use anyhow::Result;

use super::{Numbers, measure};
use crate::measure::{kernel, wrk};
use crate::plan::Deadline;
use crate::report::{Measure, Record, Unit};
use crate::rig::Rig;
use crate::rig::contestant::Contestant;
use crate::rig::gates::{Durability, GateRig};

pub const CASE: &str = "chat, throughput";
pub const SIZE: &str = "32 connections";
pub const WHAT: &str = "calls";
pub const PROCESSOR_TIME: &str = "processor time each";
const CONNECTIONS: u32 = 32;

pub fn run(rig: &Rig, until: Deadline, record: &mut Record) -> Result<()> {
    let relaxed = GateRig::start(rig, Durability::Relaxed, &[])?;
    let strict = GateRig::start(rig, Durability::Strict, &[])?;
    let ours = [rig.direct(), rig.bare(), relaxed.chat(), strict.chat()];
    let everyone: Vec<Contestant> = ours.into_iter().chain(rig.peer_contestants()).collect();
    for _ in until.rounds(rig.plan.rounds) {
        for contestant in &everyone {
            let about = Measure::new(CASE, SIZE, &contestant.name, WHAT, Unit::PerSecond);
            measure(record, contestant, &about, || saturate(rig, contestant, &about, CONNECTIONS))?;
        }
    }
    Ok(())
}

/// As many calls as it can take; and what each costs it.
pub fn saturate(rig: &Rig, contestant: &Contestant, about: &Measure, connections: u32) -> Result<Numbers> {
    let before = kernel::processor_time(contestant.process)?;
    let found = wrk::run(&rig.programs, rig.folder(), &contestant.load, connections, rig.plan.load())?;
    let spent = kernel::processor_time(contestant.process)?.saturating_sub(before);
    let of = |what: &str, unit| Measure { what: what.to_owned(), unit, ..about.clone() };
    Ok(vec![
        (about.clone(), found.per_second()),
        (of("p50", Unit::Microseconds), found.p50_us),
        (of("p99", Unit::Microseconds), found.p99_us),
        (of(PROCESSOR_TIME, Unit::Microseconds), spent.as_secs_f64() * 1e6 / found.requests as f64),
    ])
}
