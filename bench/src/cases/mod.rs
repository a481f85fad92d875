//! What is measured. Each case starts its own gates on empty stores and has a share of the quarter of an hour.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use crate::plan::Deadline;
use crate::report::{Measure, Record};
use crate::rig::Rig;
use crate::rig::contestant::Contestant;

pub mod growth;
pub mod latency;
pub mod memory;
pub mod preflight;
pub mod start;
pub mod streaming;
pub mod throughput;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Added latency of a chat call at 1, 16 and 64 connections
    Latency,
    /// Added time to the first byte of a stream
    Streaming,
    /// Chat calls per second at 32 connections
    Throughput,
    /// Pre-flight decisions per second at 1 and 64 connections
    Preflight,
    /// Start of the process, a fresh instance, a flush of the device
    Start,
    /// Memory of an open stream, and of an idle instance
    Memory,
    /// Cost as tenants, entries and permits grow
    Growth,
}

impl Case {
    /// All of them, those with peers first.
    pub const ALL: [Self; 7] =
        [Self::Latency, Self::Streaming, Self::Throughput, Self::Preflight, Self::Start, Self::Memory, Self::Growth];

    /// Whether peers take part.
    pub fn has_peers(self) -> bool {
        matches!(self, Self::Latency | Self::Streaming | Self::Throughput)
    }

    /// At most its share. Few cases take theirs, which leaves room for what comes first: peers start, components are
    /// compiled.
    pub fn budget(self) -> Duration {
        Duration::from_secs(match self {
            Self::Latency => 250,
            Self::Streaming => 75,
            Self::Throughput => 115,
            Self::Preflight => 80,
            Self::Start => 90,
            Self::Memory => 60,
            Self::Growth => 230,
        })
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn run(self, rig: &Rig, until: Deadline, record: &mut Record) -> Result<()> {
        match self {
            Self::Latency => latency::run(rig, until, record),
            Self::Streaming => streaming::run(rig, until, record),
            Self::Throughput => throughput::run(rig, until, record),
            Self::Preflight => preflight::run(rig, until, record),
            Self::Start => start::run(rig, until, record),
            Self::Memory => memory::run(rig, until, record),
            Self::Growth => growth::run(rig, until, record),
        }
    }
}

/// Runs a case; what goes wrong in it is written down, and the others run all the same.
pub fn run(case: Case, rig: &Rig, record: &mut Record) {
    let until = rig.until.within(case.budget());
    eprintln!("=== {} (at most {} s)", case.name(), until.left().as_secs());
    // The scenarios' callers panic when a gate doesn't do as told.
    let outcome = catch_unwind(AssertUnwindSafe(|| case.run(rig, until, record)));
    let why = match outcome {
        Ok(Ok(())) => return,
        Ok(Err(error)) => format!("{error:#}"),
        Err(_) => "it panicked: see above".to_owned(),
    };
    eprintln!("      FAILED: {why}");
    record.failures.push(crate::report::record::Skipped { what: case.name(), why });
}

/// A contestant's numbers of one round, each with what it is.
type Numbers = Vec<(Measure, f64)>;

/// Measures one contestant once. A failing peer costs itself its row, a failing gate the case.
fn measure(
    record: &mut Record,
    contestant: &Contestant,
    about: &Measure,
    take: impl FnOnce() -> Result<Numbers>,
) -> Result<()> {
    match take() {
        Ok(numbers) => numbers.iter().for_each(|(measure, value)| record.add(measure, *value)),
        Err(error) => {
            record.fail(about, &format!("{error:#}"));
            if !contestant.is_peer {
                return Err(error.context(contestant.name.clone()));
            }
        }
    }
    Ok(())
}
