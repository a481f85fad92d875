//! Added latency of a chat call that is not streamed, with all checks on, against the upstream alone.
//!
//! First at a fixed rate, the same for all: half of what the slowest of them can take at so many connections, as a quick
//! look beforehand found. Then one call after the other on one connection, which peers can be compared by whatever they
//! can take.

use anyhow::{Context, Result};

use super::measure;
use crate::measure::{flush, oha, stats, wrk};
use crate::plan::Deadline;
use crate::report::{Measure, Record, Unit};
use crate::rig::Rig;
use crate::rig::contestant::Contestant;
use crate::rig::gates::{Durability, GateRig};

pub const OPEN: &str = "chat, fixed rate";
pub const FLUSH: &str = "device flush";
pub const CLOSED: &str = "chat, one after the other";
const CONNECTIONS: [u32; 3] = [1, 16, 64];

pub fn run(rig: &Rig, until: Deadline, record: &mut Record) -> Result<()> {
    let relaxed = GateRig::start(rig, Durability::Relaxed, &[])?;
    let strict = GateRig::start(rig, Durability::Strict, &[])?;
    let ours = [rig.direct(), rig.bare(), relaxed.chat(), strict.chat()];
    let everyone: Vec<Contestant> = ours.iter().cloned().chain(rig.peer_contestants()).collect();
    closed(rig, until, record, &everyone)?;
    for connections in CONNECTIONS {
        open(rig, until, record, &ours, connections)?;
    }
    Ok(())
}

fn open(rig: &Rig, until: Deadline, record: &mut Record, ours: &[Contestant], connections: u32) -> Result<()> {
    let size = size(connections);
    let mut slowest = f64::INFINITY;
    for contestant in ours {
        let found = wrk::run(&rig.programs, rig.folder(), &contestant.load, connections, rig.plan.probe())?;
        slowest = slowest.min(found.per_second());
    }
    let rate = (slowest / 2.0).max(1.0) as u64;
    record.add(&Measure::new(OPEN, &size, "everyone", "rate", Unit::PerSecond), rate as f64);
    eprintln!("      {OPEN}, {size}: {rate} calls a second");
    for _ in until.rounds(rig.plan.rounds) {
        let flush = Measure::new(FLUSH, "1 append", "device", "p50", Unit::Microseconds);
        record.add(&flush, stats::median(&flush::times(rig.folder())?).context("no flush")?);
        for contestant in ours {
            let of = |what| Measure::new(OPEN, &size, &contestant.name, what, Unit::Microseconds);
            measure(record, contestant, &of("p50"), || {
                let found = oha::run(&rig.programs, &contestant.load, connections, rate, rig.plan.load())?;
                Ok(vec![(of("p50"), found.p50_us), (of("p99"), found.p99_us)])
            })?;
        }
    }
    Ok(())
}

fn closed(rig: &Rig, until: Deadline, record: &mut Record, everyone: &[Contestant]) -> Result<()> {
    let size = size(1);
    for _ in until.rounds(rig.plan.rounds) {
        for contestant in everyone {
            let of = |what| Measure::new(CLOSED, &size, &contestant.name, what, Unit::Microseconds);
            measure(record, contestant, &of("p50"), || {
                let found = wrk::run(&rig.programs, rig.folder(), &contestant.load, 1, rig.plan.load())?;
                Ok(vec![(of("p50"), found.p50_us), (of("p99"), found.p99_us)])
            })?;
        }
    }
    Ok(())
}

/// How a number of connections is called in the results.
pub fn size(connections: u32) -> String {
    format!("{connections} connection{}", if connections == 1 { "" } else { "s" })
}
