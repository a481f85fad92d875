//! What beginning costs: a process up to its first answer, an instance that is made for a call.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::throughput::{PROCESSOR_TIME, saturate};
use crate::plan::Deadline;
use crate::report::{Measure, Record, Unit};
use crate::rig::Rig;
use crate::rig::child::{self, Child};
use crate::rig::contestant::{Contestant, RELAXED};
use crate::rig::gates::{Durability, GateRig};

pub const CASE: &str = "process start";
pub const WITH_CACHE: &str = "components cached";
const WITHOUT_CACHE: &str = "components compiled";
pub const FIRST_ANSWER: &str = "first answer";
pub const INSTANTIATE: &str = "instance for a call";
pub const PROXY: &str = "proxy and its parts";
pub const MADE: &str = "made in";
const CHAT_CALL: &str = "chat call";
const DIFFERENCE: &str = "processor time, fresh minus reused";
const REUSED: &str = "processor time, reused";
const FRESH: &str = "processor time, fresh";

/// So many instances are made to find what one takes.
const INSTANCES: usize = 200;
/// A gate that listens answers at once.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

pub fn run(rig: &Rig, until: Deadline, record: &mut Record) -> Result<()> {
    let folder = rig.folder().join("starts");
    // What the rig's gates have compiled is there already.
    let cached = rig.programs.tollgate.with_file_name("scenarios-cache");
    for _ in until.rounds(rig.plan.warm_starts) {
        record.add(&first_answer(WITH_CACHE), start(rig, &folder.join("data"), &cached, until)?);
    }
    let made = Measure::new(INSTANTIATE, PROXY, RELAXED, MADE, Unit::Microseconds);
    for _ in until.rounds(rig.plan.rounds) {
        record.add(&made, instantiate(rig, &folder.join("instances"), &cached, until)?);
    }
    fresh_instances(rig, until, record)?;
    // Last, since it may take all the time that is left.
    let empty = folder.join("cache");
    for _ in until.rounds(rig.plan.cold_starts) {
        drop(std::fs::remove_dir_all(&empty));
        match start(rig, &folder.join("data"), &empty, until) {
            Ok(time) => record.add(&first_answer(WITHOUT_CACHE), time),
            Err(_) if until.left().is_zero() => {
                record.skip(WITHOUT_CACHE, "the case's time was up before the first answer")
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// How a gate is called.
type Call = fn(&GateRig) -> Contestant;

/// One instance for each call against one for 128: the difference is what a fresh one costs, its first steps in cold
/// memory and its end included. In the processor's time, which hardly depends on who else uses the machine.
///
/// Each has a gate of its own, as calls slow down with what a store holds.
fn fresh_instances(rig: &Rig, until: Deadline, record: &mut Record) -> Result<()> {
    let calls: [(&str, Call); 2] = [(CHAT_CALL, GateRig::chat), ("pre-flight decision", GateRig::preflight)];
    for _ in until.rounds(rig.plan.rounds) {
        for (size, call) in calls {
            let each = |extra: &[&str]| {
                let gate = GateRig::start(rig, Durability::Relaxed, extra)?;
                processor_time_each(rig, &call(&gate))
            };
            let of = |what| Measure::new(INSTANTIATE, size, RELAXED, what, Unit::Microseconds);
            let (reused, fresh) = (each(&[])?, each(&["--max-instance-reuse-count", "1"])?);
            record.add(&of(REUSED), reused);
            record.add(&of(FRESH), fresh);
            record.add(&of(DIFFERENCE), fresh - reused);
        }
    }
    Ok(())
}

/// Over one connection, in microseconds.
fn processor_time_each(rig: &Rig, contestant: &Contestant) -> Result<f64> {
    let about = Measure::new(INSTANTIATE, "", RELAXED, "", Unit::PerSecond);
    let numbers = saturate(rig, contestant, &about, 1)?;
    let time = numbers.into_iter().find(|(measure, _)| measure.what == PROCESSOR_TIME);
    Ok(time.context("no time")?.1)
}

fn first_answer(size: &str) -> Measure {
    Measure::new(CASE, size, RELAXED, FIRST_ANSWER, Unit::Milliseconds)
}

/// The time from the start of the process to its first answer, in milliseconds.
fn start(rig: &Rig, data: &Path, cache: &Path, until: Deadline) -> Result<f64> {
    let began = Instant::now();
    let (_gate, address) = launch(rig, data, cache, until, &[])?;
    ask(&address, "/health", "HTTP/1.1 200")?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

/// What making an instance of the proxy with its four parts takes, in microseconds: the median of many, as the gate logs it.
fn instantiate(rig: &Rig, data: &Path, cache: &Path, until: Deadline) -> Result<f64> {
    let (gate, address) = launch(rig, data, cache, until, &["--max-instance-reuse-count", "1"])?;
    for _ in 0..INSTANCES {
        ask(&address, "/v1/models", "HTTP/1.1 401")?;
    }
    drop(gate);
    let log = std::fs::read_to_string(data.with_extension("log"))?;
    let made = log.lines().filter(|line| line.contains("instance made") && line.contains("\"provider-proxy\""));
    let mut times: Vec<f64> = made.filter_map(took_us).collect();
    if times.len() < INSTANCES {
        bail!("the gate logged {} of {INSTANCES} instances", times.len());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn took_us(line: &str) -> Option<f64> {
    let (_, rest) = line.split_once("\"took_us\":")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Starts a gate that logs the instances it makes, and waits until it listens.
fn launch(rig: &Rig, data: &Path, cache: &Path, until: Deadline, extra: &[&str]) -> Result<(Child, String)> {
    std::fs::create_dir_all(data)?;
    let mut command = Command::new(&rig.programs.tollgate);
    command.env("TOLLGATE_LOG", "info,tollgate::instance=debug");
    command.args(["up", "--listen", "127.0.0.1:0", "--durability", "relaxed", "--data"]).arg(data);
    command
        .args(extra)
        .arg("--cache")
        .arg(cache)
        .arg("--manifest")
        .arg(&rig.programs.manifest)
        .current_dir(rig.programs.root());
    command.env("SPIN_VARIABLE_ADMIN_KEY", "bench-admin-key-of-the-start-case");
    command.env("SPIN_VARIABLE_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    command.stdout(Stdio::piped());
    let log = data.with_extension("log");
    child::log_to(&mut command, &log)?;
    let mut gate = Child::spawn("the gate", &mut command)?;
    let lines = gate.lines();
    let address = loop {
        let line = lines.recv_timeout(until.left()).with_context(|| format!("the gate does not start, see {log:?}"))?;
        if let Some(url) = line.strip_prefix("listening on http://") {
            break url.trim().to_owned();
        }
    };
    Ok((gate, address))
}

fn ask(address: &str, path: &str, expected: &str) -> Result<()> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(ANSWER_LIMIT))?;
    write!(socket, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    if !answer.starts_with(expected) {
        bail!("{path} answered {}", answer.lines().next().unwrap_or_default());
    }
    Ok(())
}
