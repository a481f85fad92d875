//! What the system tells of changed files.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::say;

/// So long nothing more may come, and a change counts as complete: an editor writes a file in several steps.
const QUIET: Duration = Duration::from_millis(200);
/// However long it goes on, after this it is acted upon.
const PATIENCE: Duration = Duration::from_secs(5);

/// A change: a path, or so many that the system has lost count.
pub enum Change {
    At(PathBuf),
    Anywhere,
}

/// See the module's description.
pub struct News {
    watcher: RecommendedWatcher,
    told: Receiver<notify::Result<Event>>,
}

impl News {
    /// Of no folder yet.
    pub fn begin() -> Result<Self> {
        let (tell, told) = mpsc::channel();
        let watcher = notify::recommended_watcher(tell).context("files can't be watched")?;
        Ok(Self { watcher, told })
    }

    /// Of these folders too: with all below them, or without. Of one that was made anew it has to be asked again.
    pub fn watch(&mut self, folders: impl IntoIterator<Item = (PathBuf, bool)>) -> Result<()> {
        for (folder, recursive) in folders {
            let mode = if recursive { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            self.watcher.watch(&folder, mode).with_context(|| format!("{} can't be watched", folder.display()))?;
        }
        Ok(())
    }

    /// The changes of one moment that matter: none within the time, or all until it is quiet again.
    pub fn next(&self, within: Duration, matters: impl Fn(&Path) -> bool) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut until = Instant::now() + within;
        let end = until + PATIENCE;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            let Ok(event) = self.told.recv_timeout(left) else { break };
            let before = changes.len();
            match event {
                Ok(event) if event.need_rescan() => changes.push(Change::Anywhere),
                // Who reads a file changes nothing, and a build reads all of them.
                Ok(event) if event.kind.is_access() => {}
                Ok(event) => {
                    changes.extend(event.paths.into_iter().filter(|path| matters(path)).map(Change::At));
                }
                Err(error) => say(&format!("the system couldn't tell of a change: {error}")),
            }
            if changes.len() > before {
                until = (Instant::now() + QUIET).min(end);
            }
        }
        changes
    }
}
