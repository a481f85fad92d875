//! The program `tollgate`.

mod cli;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tollgate::{Options, logs, serve};

use crate::cli::{examples, start::Up};

/// Requests make and drop many small things; this takes less time for them than the system's allocator, and gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A gate of WebAssembly components between a web page and the AI vendors behind it.
#[derive(Parser)]
#[command(name = "tollgate", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the application of a manifest.
    ///
    /// SIGTERM or Ctrl-C stops it: what is in flight finishes, within 10 s. A second one ends it at once.
    ///
    /// Exit status: 0 it was told to stop and did; 1 it didn't start, for what is said, or was ended at once.
    Up {
        #[command(flatten)]
        up: Up,
        /// For development: builds what changed and starts the gate anew, on the same address with the same store.
        ///
        /// What a component is made of says `watch` in its `[component.NAME.build]`, as for `spin watch`. The manifest and the
        /// components' files are watched too. If a build fails, the gate that runs goes on.
        #[arg(long)]
        watch: bool,
    },
    #[command(flatten)]
    Client(cli::Client),
}

/// The whole command line, with its examples.
fn program() -> clap::Command {
    examples::add(Cli::command())
}

fn main() -> ExitCode {
    let given = Cli::from_arg_matches(&program().get_matches()).unwrap_or_else(|error| error.exit());
    logs::start();
    match given.command {
        Command::Up { up, watch } => {
            let options = up.into();
            let outcome = if watch { cli::watch::run(&options) } else { serve_until_stopped(options) };
            outcome.unwrap_or_else(|error| {
                cli::complain(&error);
                ExitCode::FAILURE
            })
        }
        Command::Client(client) => client.run(program),
    }
}

fn serve_until_stopped(options: Options) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        // Before anything is started: a signal that comes early must not kill what is half there.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut stopped = async move || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        let running = tokio::select! {
            running = serve(options) => running?,
            () = stopped() => return Ok(true),
        };
        if let Some(file) = &running.made_keys {
            say(&format!("made the keys which were not given: they are in {}", file.display()))?;
        }
        say(&format!("listening on http://{}", running.addr))?;
        stopped().await;
        // Whoever asks again doesn't want to wait. What this cuts off is cut off as by a crash: what was shown is written.
        let ended = tokio::select! {
            () = running.shutdown() => true,
            () = stopped() => false,
        };
        Ok::<_, anyhow::Error>(ended)
    })?;
    // What still runs has had its time, and the store is closed. Taking the runtime and the pool of instances apart would
    // only keep the caller waiting: it unmaps terabytes of address space, slot by slot.
    std::process::exit(i32::from(!ended))
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| anyhow!("writing to stdout: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_has_the_defaults_of_the_library() {
        let Ok(Cli { command: Command::Up { up, watch: false } }) = Cli::try_parse_from(["tollgate", "up"]) else {
            panic!("`tollgate up` needs nothing more");
        };
        let options = Options::from(up);
        let defaults = Options::new(&options.manifest, &options.data);
        assert_eq!(format!("{options:?}"), format!("{defaults:?}"));
    }

    #[test]
    fn ops_4_every_command_has_examples_that_it_takes() {
        examples::check(&program());
    }

    #[test]
    fn ops_4_every_command_is_in_the_document() {
        fn check(command: &clap::Command, path: &str) {
            let document = include_str!("../../docs/cli.md");
            for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
                let path = format!("{path} {}", inner.get_name());
                let is_there = inner.has_subcommands() || document.contains(&format!("`{path}`"));
                assert!(is_there, "docs/cli.md says nothing of `{path}`");
                check(inner, &path);
            }
        }
        check(&program(), "tollgate");
    }

    #[test]
    fn ops_4_the_command_line_is_in_order() {
        program().debug_assert();
    }
}
