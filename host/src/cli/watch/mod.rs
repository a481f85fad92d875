//! `tollgate up --watch`: builds what changed and starts the gate anew, on the same address, with the same store.
//!
//! ```text
//! files change --> the builds of the components made of them --> SIGTERM --> the gate again
//!      ^               one fails: what runs stays                             ends: it stays ended
//!      +----------------------------- until the next change -----------------------+
//! ```
//!
//! The gate is another process, so it may fail however it likes. What is in flight finishes, as at every SIGTERM. If this
//! process dies, the gate is told to stop; its store needs no farewell.

mod application;
mod build;
mod child;
mod gate;
mod interest;
mod news;
mod stop;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use tollgate::Options;
use tollgate::kv::Backend;

use self::application::Application;
use self::gate::Gate;
use self::interest::Changes;
use self::stop::Stop;
use super::out;

/// Between two looks at the gate, and at whether to stop.
const TICK: Duration = Duration::from_millis(100);

/// Runs until it is told to stop.
///
/// # Errors
/// The manifest can't be used, or this system doesn't tell of changes.
pub fn run(options: &Options) -> Result<ExitCode> {
    let stop = Stop::listen()?;
    let mut app = Application::load(&options.manifest)?;
    let mut gate = Gate::of_this_command_line()?;
    say(&format!("{} and the files of its components are watched", options.manifest.display()));
    if options.kv == Backend::Memory {
        say("a store in memory is empty after each restart; --kv sqlite keeps it");
    }
    while !stop.is_asked() {
        match app.build(&stop) {
            Ok(()) if stop.is_asked() => {}
            Ok(()) => gate.serve(app.stamps(), &stop)?,
            Err(error) => keep(&gate, &format!("{error:#}")),
        }
        // As long as the manifest can't be used, nothing else is tried: a gate that starts would read it.
        while let Some(changes) = next(&app, &mut gate, &stop) {
            match app.take(changes) {
                Ok(()) => break,
                Err(error) => keep(&gate, &format!("{error:#}")),
            }
        }
    }
    gate.stop(&stop);
    Ok(ExitCode::SUCCESS)
}

/// Waits for a change that matters; none when it is time to stop.
fn next(app: &Application, gate: &mut Gate, stop: &Stop) -> Option<Changes> {
    while !stop.is_asked() {
        if let Some(changes) = app.changes(TICK) {
            return Some(changes);
        }
        if let Some(end) = gate.ended() {
            say(&format!("the gate has ended ({end}): it is started again after the next change"));
        }
    }
    None
}

fn keep(gate: &Gate, reason: &str) {
    let now = if gate.is_running() { "the gate goes on as it was" } else { "no gate is running" };
    say(&format!("{reason}\n       {now}: mend that, and it is tried again when you save"));
}

fn say(text: &str) {
    out::aside(&format!("watch: {text}"));
}
