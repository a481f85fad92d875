//! Runs what the manifest says makes a component.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tollgate::manifest::Build;

use super::child;
use super::stop::Stop;

const PAUSE: Duration = Duration::from_millis(50);

/// Runs it to its end. What it says goes to standard error: standard output is the gate's.
///
/// # Errors
/// It can't be run, it failed, it took longer than the limit, or it is time to stop.
pub fn run(build: &Build, limit: Duration, stop: &Stop) -> Result<()> {
    let mut command = Command::new("sh");
    command.args(["-c", &build.command]).current_dir(&build.folder).stdin(Stdio::null()).stdout(std::io::stderr());
    let mut child = child::apart(&mut command)
        .spawn()
        .with_context(|| format!("`{}` can't be run in {}", build.command, build.folder.display()))?;
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            if !status.success() {
                bail!("`{}` failed ({status})", build.command);
            }
            return Ok(());
        }
        if stop.is_asked() || Instant::now() >= end {
            child::kill_all(&child);
            let _ = child.wait();
            bail!("`{}` was ended: {}", build.command, if stop.is_asked() { "stopping" } else { "it took too long" });
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_4_a_build_is_bounded_with_all_that_it_has_started() {
        let folder = tempfile::tempdir().unwrap();
        let build = |command: &str| Build { command: command.into(), folder: folder.path().into(), watch: Vec::new() };
        run(&build("echo made > file"), Duration::from_secs(30), &Stop::never()).unwrap();
        assert!(folder.path().join("file").is_file());
        let failed = run(&build("exit 3"), Duration::from_secs(30), &Stop::never()).unwrap_err().to_string();
        assert!(failed.contains("`exit 3` failed") && failed.contains('3'), "{failed}");
        let started = Instant::now();
        let hung = build("(sleep 2; touch late) & sleep 60");
        let said = run(&hung, Duration::from_millis(200), &Stop::never()).unwrap_err().to_string();
        assert!(said.contains("too long") && started.elapsed() < Duration::from_secs(10), "{said}");
        thread::sleep(Duration::from_millis(2_500));
        assert!(!folder.path().join("late").exists(), "what it had started goes on");
    }
}
