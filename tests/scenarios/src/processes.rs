//! Child processes that never outlive the tests.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A running program whose output goes to files.
pub struct Process {
    child: Child,
    pub stdout: PathBuf,
    pub stderr: PathBuf,
}

impl Process {
    /// Starts it; `log` is the path of its output without the ending.
    pub fn spawn(mut command: Command, log: &Path) -> Self {
        let (stdout, stderr) = (log.with_extension("out"), log.with_extension("err"));
        let file = |path: &Path| File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        command.stdin(Stdio::null()).stdout(file(&stdout)).stderr(file(&stderr));
        let program = command.get_program().to_owned();
        let child = spawn(command).unwrap_or_else(|error| panic!("{}: {error}", Path::new(&program).display()));
        Self { child, stdout, stderr }
    }

    /// Waits for a line on standard output that begins with `prefix`; gives the rest of it.
    pub fn wait_for_line(&mut self, prefix: &str, limit: Duration) -> String {
        let deadline = Instant::now() + limit;
        loop {
            let printed = fs::read_to_string(&self.stdout).unwrap_or_default();
            // A line counts once its end is there.
            let whole = printed.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            if let Some(rest) = whole.filter_map(|line| line.strip_prefix(prefix)).next() {
                return rest.trim().to_owned();
            }
            let ended = self.child.try_wait().expect("a child can be waited for");
            let why = match ended {
                Some(status) => format!("ended ({status})"),
                None if Instant::now() >= deadline => format!("did not print `{prefix}` within {limit:?}"),
                None => {
                    thread::sleep(Duration::from_millis(10));
                    continue;
                }
            };
            panic!("the program {why}; it said:\n{printed}\n{}", self.errors());
        }
    }

    /// Waits for its end.
    pub fn wait_for_end(&mut self, limit: Duration) -> ExitStatus {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(Instant::now() < deadline, "still running after {limit:?}:\n{}", self.errors());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its number, for what the kernel counts of it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub fn ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_some()
    }

    /// What it wrote to standard error so far.
    pub fn errors(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        // SAFETY: no memory is involved, and the child has not been reaped, so the id is still its own.
        assert_eq!(unsafe { libc::kill(pid, libc::SIGTERM) }, 0, "SIGTERM");
    }

    /// Ends it on the spot, as a power cut would.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Spawns from one thread that lives as long as the tests: the kernel's signal at the parent's death comes when the
/// *thread* that spawned ends, and every test is a thread of its own.
fn spawn(command: Command) -> io::Result<Child> {
    type Order = (Command, Sender<io::Result<Child>>);
    static SPAWNER: OnceLock<Sender<Order>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (orders, inbox) = channel::<Order>();
        thread::spawn(move || {
            for (mut command, reply) in inbox {
                // SAFETY: between fork and exec only this one system call is made.
                unsafe {
                    command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
                        0 => Ok(()),
                        _ => Err(io::Error::last_os_error()),
                    });
                }
                drop(reply.send(command.spawn()));
            }
        });
        orders
    });
    let (reply, answer) = channel();
    spawner.send((command, reply)).expect("the spawner runs");
    answer.recv().expect("the spawner answers")
}

/// A folder for one process's data and logs, removed at the end; those of tests that were killed go at the next start.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let base = std::env::temp_dir().join("tollgate-scenarios");
        static SWEPT: OnceLock<()> = OnceLock::new();
        SWEPT.get_or_init(|| sweep(&base));
        let folder = base.join(format!("{}-{}", std::process::id(), crate::unique(name)));
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A failing test's folder stays for a look at it.
        if !thread::panicking() {
            drop(fs::remove_dir_all(&self.0));
        }
    }
}

fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_string_lossy().split('-').next().unwrap_or_default().to_owned();
        if !Path::new("/proc").join(pid).exists() {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}
