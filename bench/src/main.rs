//! `bench`: measures the gate beside what it is compared with. `cargo xtask bench` builds everything and runs it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, thread};

use anyhow::Result;
use bench::cases::{self, Case};
use bench::plan::{Deadline, Plan, WHOLE};
use bench::report::Record;
use bench::report::file::Report;
use bench::rig::gates::{Durability, GateRig};
use bench::rig::machine::{self, Machine, Source};
use bench::rig::peers::{Peer, SCRIPTS};
use bench::rig::programs::Programs;
use bench::rig::{Rig, network};
use clap::Parser;

/// Past the whole everything has stopped by itself; if not, this ends it.
const WATCHDOG: Duration = Duration::from_secs(WHOLE.as_secs() + 45);

#[derive(Parser)]
#[command(name = "bench", about = "How fast the gate is, beside what it is compared with")]
struct Arguments {
    /// Measure only these
    #[arg(long, value_enum, num_args = 1..)]
    case: Vec<Case>,
    /// About three minutes instead of fifteen, without peers: not for publication
    #[arg(long)]
    quick: bool,
    /// The file of the results [default: bench/results/<date>-<machine>.json, for quick ones the folder of scratch files]
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    // Children die with us: the kernel sees to it.
    let watched = ctrlc::set_handler(|| std::process::exit(130));
    thread::spawn(|| {
        thread::sleep(WATCHDOG);
        eprintln!("bench: something hangs; giving up");
        std::process::exit(124);
    });
    match watched.map_err(Into::into).and_then(|()| run(Arguments::parse())) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let began = Instant::now();
    if network::is_isolated() {
        network::raise_loopback()?;
    }
    let machine = Machine::look();
    let plan = if arguments.quick { Plan::quick() } else { Plan::full() };
    let wanted: Vec<Case> =
        Case::ALL.into_iter().filter(|case| arguments.case.is_empty() || arguments.case.contains(case)).collect();
    let mut record = Record::default();
    let mut rig = Rig::start(plan.clone(), Programs::find()?, Deadline::after(WHOLE))?;
    let mut versions = rig.programs.versions();
    if wanted.iter().any(|case| case.has_peers()) {
        start_peers(&mut rig, &mut record);
        versions.extend(rig.peers.iter().map(|peer| (peer.contestant.name.clone(), peer.version.clone())));
    }
    // Components that were built just now are compiled once, in nobody's time.
    drop(GateRig::start(&rig, Durability::Relaxed, &[])?);
    for case in wanted {
        if !case.has_peers() {
            rig.peers.clear();
        }
        cases::run(case, &rig, &mut record);
    }
    let source = Source::look(rig.programs.root());
    let report = Report {
        date: machine::today(),
        source,
        machine,
        versions,
        plan: plan.clone(),
        isolated: network::is_isolated(),
        took_s: began.elapsed().as_secs(),
        targets: Vec::new(),
        skipped: Vec::new(),
        failures: Vec::new(),
        rows: Vec::new(),
    };
    let report = report.complete(record);
    // Quick numbers are not kept among the others.
    let kept = if plan.quick { env::temp_dir() } else { rig.programs.root().join("bench/results") };
    let file = arguments.out.unwrap_or_else(|| kept.join(report.name()));
    let table = bench::report::table::render(&report);
    println!("{table}");
    let file = report.write(&env::current_dir()?.join(file), table)?;
    eprintln!("written to {} after {} s", file.display(), report.took_s);
    Ok(if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn start_peers(rig: &mut Rig, record: &mut Record) {
    for name in SCRIPTS {
        if rig.plan.quick {
            record.skip(name, "peers take part in full runs only");
            continue;
        }
        match Peer::start(name, rig.programs.root(), rig.folder(), &rig.upstream_url, rig.until) {
            Ok(peer) => rig.peers.push(peer),
            Err(error) => record.skip(name, &format!("{error:#}")),
        }
    }
}
