//! Child processes that can't be left behind and can't make us hang.
//!
//! Each child leads its own process group, so that one signal reaches whatever it starts; each wait has a limit and
//! notices Ctrl-C; and on Linux the kernel kills the child when we die, even by SIGKILL.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a program that was asked to end may take to do so (`tollgate up` finishes what is in flight in 10 s).
pub const GRACE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(30);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Turns SIGINT, SIGTERM and SIGHUP into a flag that every wait in this file looks at.
pub fn watch_signals() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst)).context("can't watch for Ctrl-C")
}

pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// A running child and the process group it leads. Dropping it kills the group.
pub struct Process {
    name: String,
    child: Child,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts `command` without standard input. Call it from a thread that lives as long as the child should.
    pub fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).process_group(0);
        die_with_parent(command);
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().with_context(|| format!("{name} can't be started ({program})"))?;
        Ok(Self { name: name.to_owned(), child, status: None })
    }

    /// The number the system gave it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The lines the child writes to a piped stdout, read by a thread that ends with the pipe.
    pub fn lines(&mut self) -> Receiver<String> {
        let (sender, receiver) = channel();
        if let Some(stdout) = self.child.stdout.take() {
            // A receiver that went away must not stop the reading: the child would block on a full pipe.
            thread::spawn(move || for_each_line(stdout, |line| drop(sender.send(line))));
        }
        receiver
    }

    /// The exit status if the child has ended; whatever it left in its group is killed then.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none() && self.is_dead() {
            // The unreaped child still owns its number, so the signal can't reach a stranger's group.
            self.signal(libc::SIGKILL);
            self.status = Some(self.child.wait()?);
        }
        Ok(self.status)
    }

    /// Waits for the child; past `limit` or on Ctrl-C its group is ended and the wait fails.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if interrupted() {
                self.stop()?;
                bail!("{} was interrupted", self.name);
            }
            if Instant::now() >= deadline {
                self.stop()?;
                bail!("{} took longer than {} s and was stopped", self.name, limit.as_secs());
            }
            thread::sleep(POLL);
        }
    }

    /// SIGTERM to the group, `GRACE` to end, then SIGKILL.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        self.stop_within(GRACE)
    }

    fn stop_within(&mut self, grace: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + grace;
        if self.status.is_none() {
            self.signal(libc::SIGTERM);
        }
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                eprintln!("{} did not end in {} s; killing it", self.name, grace.as_secs());
                self.signal(libc::SIGKILL);
                let status = self.child.wait()?;
                self.status = Some(status);
                return Ok(status);
            }
            thread::sleep(POLL);
        }
    }

    /// Whether the child has ended, without reaping it.
    fn is_dead(&self) -> bool {
        // SAFETY: `waitid` writes only to `info`, which lives on our stack; WNOWAIT leaves the child to `Child::wait`.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
            libc::waitid(libc::P_PID, self.child.id(), &mut info, flags) == 0 && info.si_pid() != 0
        }
    }

    fn signal(&self, signal: libc::c_int) {
        let group = libc::pid_t::try_from(self.child.id()).expect("process numbers fit");
        // SAFETY: only a signal; an empty group answers ESRCH, which is what we want.
        unsafe { libc::kill(-group, signal) };
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.status.is_none() {
            self.signal(libc::SIGKILL);
            drop(self.child.wait());
        }
    }
}

/// Runs `command` to its end; an unsuccessful status is an error.
pub fn run(name: &str, command: &mut Command, limit: Duration) -> Result<()> {
    let status = Process::spawn(name, command)?.wait(limit)?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

/// Calls `each` with every line, without its line end; bytes that are not UTF-8 are replaced.
fn for_each_line(source: impl Read, mut each: impl FnMut(String)) {
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    while matches!(source.read_until(b'\n', &mut line), Ok(read) if read > 0) {
        each(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned());
        line.clear();
    }
}

#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    let parent = libc::pid_t::try_from(std::process::id()).expect("process numbers fit");
    let ask = move || {
        // SAFETY: prctl, getppid and _exit are async-signal-safe.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            // What if we died before the request was in place? Then nobody would ever kill this child: end here.
            if libc::getppid() != parent {
                libc::_exit(1);
            }
        }
        Ok(())
    };
    // SAFETY: the closure only makes the calls above, which are allowed between fork and exec.
    unsafe { command.pre_exec(ask) };
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        Process::spawn("test", Command::new("sh").args(["-c", script]).stdout(Stdio::piped())).unwrap()
    }

    fn is_running(pid: &str) -> bool {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
    }

    #[test]
    fn a_wait_ends_with_the_child_or_at_its_limit() {
        assert_eq!(shell("exit 3").wait(GRACE).unwrap().code(), Some(3));
        let started = Instant::now();
        let error = shell("sleep 60").wait(Duration::from_millis(100)).unwrap_err();
        assert!(error.to_string().contains("longer than"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn stopping_is_polite_first_and_then_certain() {
        let mut polite = shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.02; done");
        polite.lines().recv().unwrap();
        assert_eq!(polite.stop().unwrap().code(), Some(7));

        let mut stubborn = shell("trap '' TERM; echo ready; while :; do sleep 0.02; done");
        stubborn.lines().recv().unwrap();
        assert_eq!(stubborn.stop_within(Duration::from_millis(200)).unwrap().code(), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_the_child_left_behind_dies_with_it() {
        let mut child = shell("sleep 60 >/dev/null & echo $!");
        let grandchild = child.lines().recv().unwrap();
        assert!(child.wait(GRACE).unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(5);
        while is_running(&grandchild) {
            assert!(Instant::now() < deadline, "{grandchild} outlived its parent");
            thread::sleep(POLL);
        }
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run("the gate", &mut Command::new("/nowhere/tollgate"), GRACE).unwrap_err();
        assert!(format!("{error:#}").contains("the gate can't be started (/nowhere/tollgate)"), "{error:#}");
    }
}
