//! Added time to the first byte of a stream, one stream after the other on one connection.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use super::measure;
use crate::measure::stats::percentile;
use crate::measure::streams::Reader;
use crate::plan::Deadline;
use crate::report::{Measure, Record, Unit};
use crate::rig::Rig;
use crate::rig::contestant::{Contestant, Load};
use crate::rig::gates::{Durability, GateRig};

pub const CASE: &str = "stream, first byte";
pub const SIZE: &str = "1 connection";
/// Parts of a stream after its first one, and the pause before each: enough that it is one, and short.
const CHUNKS: usize = 2;
const EVERY: Duration = Duration::from_millis(4);
/// Connections are opened and programs warm up before it counts.
const WARM_UP: usize = 5;

pub fn run(rig: &Rig, until: Deadline, record: &mut Record) -> Result<()> {
    let relaxed = GateRig::start(rig, Durability::Relaxed, &[])?;
    let strict = GateRig::start(rig, Durability::Strict, &[])?;
    let everyone = [rig.direct(), rig.bare(), relaxed.chat(), strict.chat()].into_iter().chain(rig.peer_contestants());
    let everyone: Vec<Contestant> = everyone.map(|contestant| contestant.streaming(CHUNKS, EVERY)).collect();
    let runtime = Runtime::new()?;
    for _ in until.rounds(rig.plan.rounds) {
        for contestant in &everyone {
            let of = |what| Measure::new(CASE, SIZE, &contestant.name, what, Unit::Microseconds);
            measure(record, contestant, &of("p50"), || {
                let times = runtime.block_on(times(&contestant.load, rig.plan.streams_per_round))?;
                let at = |percent| percentile(&times, percent).context("no stream was read");
                Ok(vec![(of("p50"), at(50.0)?), (of("p99"), at(99.0)?)])
            })?;
        }
    }
    Ok(())
}

/// Times to the first byte, in microseconds.
async fn times(load: &Load, streams: usize) -> Result<Vec<f64>> {
    let mut reader = Reader::connect(load).await?;
    let mut times = Vec::new();
    for number in 0..WARM_UP + streams {
        let time = reader.first_byte(load).await?;
        if number >= WARM_UP {
            times.push(time.as_secs_f64() * 1e6);
        }
    }
    Ok(times)
}
