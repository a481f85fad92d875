//! Memory of a stream that is open and idle, and of an instance that waits for its next call.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::StreamExt;
use futures::stream;
use tokio::runtime::Runtime;

use super::measure;
use crate::measure::kernel;
use crate::measure::streams::{OpenStream, Reader};
use crate::plan::Deadline;
use crate::report::{Measure, Record, Unit};
use crate::rig::Rig;
use crate::rig::contestant::{Contestant, Load};
use crate::rig::gates::{Durability, GateRig};

pub const CASE: &str = "memory of an open stream";
const INSTANCES: &str = "memory of an idle instance";
pub const SIZE: &str = "1000 open streams";
pub const EACH: &str = "resident";
const EACH_ONCE: &str = "resident, shared pages once";

/// How many are opened at the same time.
const OPENING: usize = 32;
/// One part every second: it is open, and does next to nothing.
const IDLE: Duration = Duration::from_secs(1);
/// Until what is left over from opening is gone.
const SETTLE: Duration = Duration::from_secs(3);
const INSTANCES_AT_ONCE: usize = 200;

pub fn run(rig: &Rig, until: Deadline, record: &mut Record) -> Result<()> {
    let runtime = Runtime::new()?;
    open_streams(rig, until, record, &runtime)?;
    idle_instances(rig, until, record, &runtime)
}

fn open_streams(rig: &Rig, until: Deadline, record: &mut Record, runtime: &Runtime) -> Result<()> {
    let gate = GateRig::start(rig, Durability::Relaxed, &["--max-concurrent-requests", "2048"])?;
    let contestant = gate.chat().streaming(1_000, IDLE);
    let size = format!("{} open streams", rig.plan.open_streams);
    each(record, &contestant, CASE, &size, rig.plan.open_streams, || {
        let streams = runtime.block_on(open(&contestant.load, rig.plan.open_streams, until))?;
        thread::sleep(SETTLE);
        Ok(streams)
    })
}

/// As many instances as streams were open at once wait for the next call.
fn idle_instances(rig: &Rig, until: Deadline, record: &mut Record, runtime: &Runtime) -> Result<()> {
    let gate = GateRig::start(rig, Durability::Relaxed, &["--idle-instance-timeout", "60"])?;
    let contestant = gate.chat().streaming(1, SETTLE);
    let size = format!("{INSTANCES_AT_ONCE} idle instances");
    each(record, &contestant, INSTANCES, &size, INSTANCES_AT_ONCE, || {
        drop(runtime.block_on(open(&contestant.load, INSTANCES_AT_ONCE, until))?);
        thread::sleep(SETTLE + SETTLE);
        Ok(())
    })
}

/// The memory that `occupy` makes the gate take, divided by how many there are; what it gives lives until then.
fn each<T>(
    record: &mut Record,
    contestant: &Contestant,
    case: &str,
    size: &str,
    count: usize,
    occupy: impl FnOnce() -> Result<T>,
) -> Result<()> {
    let of = |what| Measure::new(case, size, &contestant.name, what, Unit::Kibibytes);
    measure(record, contestant, &of(EACH), || {
        // The gate was just set up: its instances of then end first.
        thread::sleep(SETTLE);
        let before = kernel::memory(contestant.process)?;
        let occupied = occupy()?;
        let after = kernel::memory(contestant.process)?;
        drop(occupied);
        let share = |before: u64, after: u64| after.saturating_sub(before) as f64 / count as f64;
        Ok(vec![
            (of(EACH), share(before.rss_kib, after.rss_kib)),
            (of(EACH_ONCE), share(before.pss_kib, after.pss_kib)),
        ])
    })
}

/// Opens them all, some at a time.
async fn open(load: &Load, count: usize, until: Deadline) -> Result<Vec<OpenStream>> {
    let opening = stream::iter(0..count).map(|_| async { Reader::connect(load).await?.open(load).await });
    let opened = opening.buffer_unordered(OPENING).collect::<Vec<Result<OpenStream>>>();
    tokio::time::timeout(until.left(), opened).await.context("they don't open in time")?.into_iter().collect()
}
