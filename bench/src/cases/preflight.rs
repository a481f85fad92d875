//! Pre-flight decisions per second.
//!
//! Nobody settles them, so that permits pile up until they expire: each measurement has a gate of its own.

use anyhow::Result;

use super::latency::size;
use super::measure;
use super::throughput::saturate;
use crate::plan::Deadline;
use crate::report::{Measure, Record, Unit};
use crate::rig::Rig;
use crate::rig::gates::{Durability, GateRig};

pub const CASE: &str = "pre-flight";
pub const WHAT: &str = "decisions";
const CONNECTIONS: [u32; 2] = [1, 64];

pub fn run(rig: &Rig, until: Deadline, record: &mut Record) -> Result<()> {
    for _ in until.rounds(rig.plan.rounds) {
        for durability in Durability::BOTH {
            for connections in CONNECTIONS {
                let gate = GateRig::start(rig, durability, &[])?;
                let contestant = gate.preflight();
                contestant.load.try_once("limit_check_id")?;
                let about = Measure::new(CASE, &size(connections), &contestant.name, WHAT, Unit::PerSecond);
                measure(record, &contestant, &about, || saturate(rig, &contestant, &about, connections))?;
            }
        }
    }
    Ok(())
}
