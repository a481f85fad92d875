//! The gate as a process of its own: the same command line without `--watch`, and always the same address.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};

use super::stop::Stop;
use super::{TICK, child, say};
use crate::cli::out;

/// A gate stops within 10 s; what takes longer is ended.
const STOP_LIMIT: Duration = Duration::from_secs(15);
/// What a gate says when it listens.
const LISTENING: &str = "listening on http://";

/// Which files a gate was started with: their times and lengths, where they are there.
pub type Stamps = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// See the module's description.
pub struct Gate {
    program: PathBuf,
    arguments: Vec<OsString>,
    /// Where the first one listened: port 0 is another one each time.
    address: Arc<OnceLock<String>>,
    running: Option<(Child, Stamps)>,
}

impl Gate {
    pub fn of_this_command_line() -> Result<Self> {
        Ok(Self {
            program: std::env::current_exe().context("which program this is")?,
            arguments: std::env::args_os().skip(1).filter(|argument| argument != "--watch").collect(),
            address: Arc::default(),
            running: None,
        })
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Its end, if it has ended by itself: told once.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let (child, _) = self.running.as_mut()?;
        let status = child.try_wait().ok()??;
        self.running = None;
        Some(status)
    }

    /// Sees to it that a gate with these files runs.
    pub fn serve(&mut self, stamps: Stamps, stop: &Stop) -> Result<()> {
        let anew = match &self.running {
            Some((_, served)) if *served == stamps => return Ok(()),
            Some(_) => true,
            None => false,
        };
        if anew {
            say("restarting; what is in flight finishes");
            self.stop(stop);
        }
        if stop.is_asked() {
            return Ok(());
        }
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        if let Some(address) = self.address.get() {
            command.args(["--listen", address]);
        }
        let mut child = child::apart(&mut command).spawn().context("the gate can't be started")?;
        if let Some(said) = child.stdout.take() {
            let address = self.address.clone();
            thread::Builder::new().name("gate".into()).spawn(move || pass_on(said, &address))?;
        }
        self.running = Some((child, stamps));
        Ok(())
    }

    /// Has it finish what is in flight. Somebody who asks a second time doesn't want that, and neither does the gate then.
    pub fn stop(&mut self, stop: &Stop) {
        let Some((mut child, _)) = self.running.take() else { return };
        child::terminate(&child);
        let (end, mut urged) = (Instant::now() + STOP_LIMIT, false);
        while let Ok(None) = child.try_wait() {
            if stop.is_urged() && !urged {
                urged = true;
                child::terminate(&child);
            }
            if Instant::now() >= end {
                say("the gate doesn't stop: it is ended");
                child::kill_all(&child);
                let _ = child.wait();
                return;
            }
            thread::sleep(TICK / 4);
        }
    }
}

impl Drop for Gate {
    /// However this one ends, none is left behind.
    fn drop(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            child::kill_all(&child);
            let _ = child.wait();
        }
    }
}

/// Shows what a gate says, and keeps its address in mind. Ends with the gate.
fn pass_on(said: impl Read, address: &OnceLock<String>) {
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        if let Some(listens) = line.strip_prefix(LISTENING) {
            let _ = address.set(listens.to_owned());
        }
        // Nobody who reads it is no reason to keep the gate from saying it.
        let _ = out::say(&format!("{line}\n"));
    }
}
