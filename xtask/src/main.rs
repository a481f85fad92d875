//! `cargo xtask <command>`: everything a contributor runs, in the language of the project.
//!
//! `build` makes the programs, `up` runs a gate to develop against, `test` runs every suite, `tidy` holds the style,
//! `ci` is all of that in the order the build server runs it.

mod apt;
mod bench;
mod browser;
mod build;
mod ci;
mod clients;
mod demo;
mod deploy;
mod director;
mod env;
mod http;
mod instructions;
mod keys;
mod npm;
mod process;
mod python;
mod report;
mod seed;
mod sim;
mod spin_toml;
mod stack;
mod tally;
mod test;
mod tidy;
mod trial;
mod up;
mod verifier;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tools of the Tollgate repository", version)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the Wasm components and the native programs; `tollgate` is then at <target>/release/tollgate
    Build,
    /// Build, then run a gate with mock vendors and a demo tenant until Ctrl-C
    Up(up::Args),
    /// Print a development gate's address and keys as shell exports
    Env(env::Args),
    /// Run every test suite; the last line is `N passed, N failed`
    Test(test::Args),
    /// Simulate days of many tenants with crashes and lost replies, seed after seed
    Sim(sim::Args),
    /// Measure the gate beside what it is compared with, in at most a quarter of an hour
    Bench(bench::Args),
    /// Check the style rules that a compiler can't
    Tidy,
    /// Count the instructions of a chat call and a pre-flight, and compare with bench/instructions (UPDATE=1 writes it)
    Instructions(instructions::Args),
    /// What the build server runs: format, lints, tidy, tests
    Ci,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) if process::interrupted() => {
            eprintln!("xtask: stopped ({error:#})");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<ExitCode> {
    process::watch_signals()?;
    let workspace = Workspace::load()?;
    match task {
        Task::Build => build::everything(&workspace).map(|()| ExitCode::SUCCESS),
        Task::Up(args) => up::run(&workspace, args),
        Task::Env(args) => env::run(&workspace, args),
        Task::Test(args) => Ok(test::run(&workspace, args)),
        Task::Sim(args) => sim::run(&workspace, &args),
        Task::Bench(args) => bench::run(&workspace, &args),
        Task::Tidy => tidy::run(&workspace.root),
        Task::Instructions(args) => instructions::run(&workspace, &args),
        Task::Ci => Ok(ci::run(&workspace)),
    }
}
