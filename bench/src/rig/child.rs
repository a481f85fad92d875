//! Child processes with a bound on every wait, that never outlive the bench.
//!
//! Each leads a process group, which is killed as a whole; on Linux the kernel kills the child when we die.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const START_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// A running program. Dropping it kills it and what it has started.
pub struct Child {
    name: String,
    inner: std::process::Child,
}

impl Child {
    /// Starts it. Call this from a thread that lives as long as the child should.
    pub fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).process_group(0);
        // SAFETY: between fork and exec only this one system call is made.
        #[cfg(target_os = "linux")]
        unsafe {
            command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            });
        }
        let inner = command.spawn().with_context(|| format!("{name} can't be started"))?;
        Ok(Self { name: name.to_owned(), inner })
    }

    pub fn id(&self) -> u32 {
        self.inner.id()
    }

    /// The lines of its piped standard output.
    pub fn lines(&mut self) -> Receiver<String> {
        let (sender, receiver) = channel();
        if let Some(stdout) = self.inner.stdout.take() {
            // A receiver that went away must not stop the reading: the child would block on a full pipe.
            thread::spawn(move || {
                BufReader::new(stdout).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)))
            });
        }
        receiver
    }

    /// Whether it has ended by itself, and how.
    pub fn ended(&mut self) -> Result<Option<std::process::ExitStatus>> {
        Ok(self.inner.try_wait()?)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let group = i32::try_from(self.inner.id()).expect("process numbers fit");
        // SAFETY: only a signal. The child has not been waited for, or its group is empty and the signal reaches nobody.
        unsafe { libc::kill(-group, libc::SIGKILL) };
        drop(self.inner.wait());
    }
}

/// Starts a server that prints where it listens; gives the address.
pub fn server(name: &str, program: &Path, arguments: &[&str]) -> Result<(Child, String)> {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::piped());
    let mut child = Child::spawn(name, &mut command)?;
    let lines = child.lines();
    let line = lines.recv_timeout(START_LIMIT).with_context(|| format!("{name} does not say where it listens"))?;
    let url = line.strip_prefix("listening on ").with_context(|| format!("{name} says `{line}`"))?;
    Ok((child, url.to_owned()))
}

/// Runs a program to its end and gives what it printed.
///
/// # Errors
/// It takes longer than `limit`, or fails.
pub fn output(name: &str, command: &mut Command, limit: Duration) -> Result<String> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Child::spawn(name, command)?;
    let stdout = collect(child.inner.stdout.take());
    let stderr = collect(child.inner.stderr.take());
    let deadline = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.ended()? {
            break status;
        }
        if Instant::now() >= deadline {
            bail!("{} took longer than {limit:?}", child.name);
        }
        thread::sleep(POLL);
    };
    // What it left behind would keep the pipes open.
    drop(child);
    let read = |pipe: thread::JoinHandle<String>| pipe.join().unwrap_or_default();
    let (stdout, stderr) = (read(stdout), read(stderr));
    if !status.success() {
        bail!("{name} failed ({status}): {}", stderr.trim());
    }
    Ok(stdout)
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            drop(pipe.read_to_end(&mut bytes));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Both outputs of a program go to a file.
pub fn log_to(command: &mut Command, file: &Path) -> Result<()> {
    let log = File::create(file).with_context(|| format!("{}", file.display()))?;
    command.stderr(log);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_ends_or_is_ended() {
        let check = |script: &str, expected: Result<&str, &str>| {
            let began = Instant::now();
            let got = output("sh", &mut shell(script), Duration::from_millis(500)).map_err(|error| error.to_string());
            match expected {
                Ok(text) => assert_eq!(got.as_deref(), Ok(text), "{script}"),
                Err(text) => assert!(got.as_ref().unwrap_err().contains(text), "{script}: {got:?}"),
            }
            assert!(began.elapsed() < Duration::from_secs(5), "{script}");
        };
        check("echo one", Ok("one\n"));
        check("echo why >&2; exit 3", Err("why"));
        check("sleep 60", Err("longer than"));
        check("sleep 60 & echo two", Ok("two\n"));
    }
}
