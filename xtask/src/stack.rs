//! A running gate to develop or test against: mock vendors, the gate, its starting state.
//!
//! Either all of it runs or none: whatever fails on the way, what was started before is ended again.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::director;
use crate::http::{Api, Client};
use crate::keys::DevKeys;
use crate::process::{self, Process};
use crate::seed;
use crate::workspace::Workspace;

const MOCKS_LIMIT: Duration = Duration::from_secs(20);
/// The first start compiles the components to machine code.
const HEALTH_LIMIT: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(100);
const MOCKS_SAY: &str = "listening on ";

pub struct Options {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub vendors: Vendors,
    /// Where the gate's log goes; the terminal when `None`.
    pub log: Option<PathBuf>,
}

/// Who answers behind the gate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Vendors {
    Mock,
    Live,
}

/// The programs a stack is made of.
pub struct Programs {
    pub tollgate: PathBuf,
    pub mock_vendors: PathBuf,
    pub manifest: PathBuf,
}

impl Programs {
    pub fn of(workspace: &Workspace) -> Self {
        Self {
            tollgate: workspace.tollgate(),
            mock_vendors: workspace.native_program("mock-vendors"),
            manifest: workspace.spin_toml(),
        }
    }
}

pub struct Stack {
    gate: Process,
    mocks: Option<Process>,
    pub address: SocketAddr,
    /// Where the mock vendors listen.
    pub mocks_url: Option<String>,
    pub keys: DevKeys,
}

impl Stack {
    pub fn start(programs: &Programs, options: &Options) -> Result<Self> {
        let address = free_address(options.listen)?;
        let keys = DevKeys::load_or_make(&options.data)?;
        let (mocks, mocks_url) = match options.vendors {
            Vendors::Mock => start_mocks(&programs.mock_vendors).map(|(mocks, url)| (Some(mocks), Some(url)))?,
            Vendors::Live => (None, None),
        };
        let drills = director::drills(&options.data)?;
        let gate = Process::spawn("tollgate", &mut gate_command(programs, options, address, &keys, &drills)?)?;
        let mut stack = Self { gate, mocks, address, mocks_url, keys };
        stack.wait_for_health(HEALTH_LIMIT)?;
        let client = Client { address, bearer: stack.keys.admin_key.clone() };
        seed::seed(&client, &mut stack.keys, address.port(), stack.mocks_url.as_deref())?;
        if let Some(url) = &stack.mocks_url {
            let mocks = Client { address: address_of(url)?, bearer: String::new() };
            director::introduce(&mocks, &stack.keys, address.port(), &drills)?;
        }
        Ok(stack)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Fails when a part of the stack has ended by itself.
    pub fn check_alive(&mut self) -> Result<()> {
        if let Some(status) = self.gate.ended()? {
            bail!("tollgate ended by itself ({status}); its log says why");
        }
        if let Some(mocks) = &mut self.mocks
            && let Some(status) = mocks.ended()?
        {
            bail!("mock-vendors ended by itself ({status})");
        }
        Ok(())
    }

    /// Ends the gate first: what is in flight may still need its vendor.
    pub fn stop(mut self) -> Result<()> {
        let status = self.gate.stop()?;
        if let Some(mocks) = &mut self.mocks {
            mocks.stop()?;
        }
        if !status.success() {
            bail!("tollgate did not end cleanly ({status})");
        }
        Ok(())
    }

    fn wait_for_health(&mut self, limit: Duration) -> Result<()> {
        let client = Client { address: self.address, bearer: String::new() };
        let deadline = Instant::now() + limit;
        loop {
            self.check_alive()?;
            let answer = client.call("GET", "/health", None);
            if answer.as_ref().is_ok_and(|answer| answer.status == 200) {
                return self.check_alive();
            }
            if process::interrupted() {
                bail!("interrupted");
            }
            if Instant::now() >= deadline {
                let seen = answer
                    .map_or_else(|error| format!("{error:#}"), |answer| format!("{}: {}", answer.status, answer.body));
                bail!("tollgate is not healthy after {} s ({seen})", limit.as_secs());
            }
            thread::sleep(POLL);
        }
    }
}

/// Makes sure that nobody listens there: another program's `/health` would pass for ours.
fn free_address(wanted: SocketAddr) -> Result<SocketAddr> {
    let listener = TcpListener::bind(wanted)
        .with_context(|| format!("{wanted} can't be used; choose another address with --listen"))?;
    Ok(listener.local_addr()?)
}

fn start_mocks(program: &Path) -> Result<(Process, String)> {
    let mut command = Command::new(program);
    let mut mocks = Process::spawn("mock-vendors", command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()))?;
    let lines = mocks.lines();
    let deadline = Instant::now() + MOCKS_LIMIT;
    loop {
        match lines.recv_timeout(POLL) {
            Ok(line) => {
                if let Some(url) = line.strip_prefix(MOCKS_SAY) {
                    return Ok((mocks, url.trim().trim_end_matches('/').to_owned()));
                }
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = mocks.stop()?;
                bail!("mock-vendors ended before it listened ({status})");
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if process::interrupted() {
            bail!("interrupted");
        }
        if Instant::now() >= deadline {
            bail!("mock-vendors did not say where it listens within {} s", MOCKS_LIMIT.as_secs());
        }
    }
}

fn address_of(url: &str) -> Result<SocketAddr> {
    let address = url.strip_prefix("http://").and_then(|address| address.parse().ok());
    address.with_context(|| format!("the mock vendors listen on {url}, which is no address"))
}

fn gate_command(
    programs: &Programs,
    options: &Options,
    address: SocketAddr,
    keys: &DevKeys,
    drills: &Path,
) -> Result<Command> {
    let mut command = Command::new(&programs.tollgate);
    command.arg("up").args(["--listen", &address.to_string()]);
    command.arg("--data").arg(&options.data).arg("--manifest").arg(&programs.manifest);
    // In the environment and not among the arguments, which every user of the machine can list.
    command.env("SPIN_VARIABLE_ADMIN_KEY", &keys.admin_key).env("SPIN_VARIABLE_MASTER_KEY", &keys.master_key);
    if options.vendors == Vendors::Mock {
        command.args(["--variable", "dev_hosts=http://127.0.0.1:*"]).arg("--drills").arg(drills);
    }
    if let Some(folder) = programs.manifest.parent() {
        command.current_dir(folder);
    }
    if let Some(log) = &options.log {
        let log = File::create(log)?;
        command.stdout(log.try_clone()?).stderr(log);
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    /// Programs that are shell scripts, in a folder of their own.
    struct Fakes(tempfile::TempDir);

    impl Fakes {
        fn new(gate: &str, mocks: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for (name, script) in [("tollgate", gate), ("mock-vendors", mocks)] {
                let file = folder.path().join(name);
                fs::write(&file, format!("#!/bin/sh\necho $$ > {}.pid\n{script}\n", file.display())).unwrap();
                fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
            }
            Self(folder)
        }

        fn start(&self, listen: &str) -> Result<Stack> {
            let path = |name: &str| self.0.path().join(name);
            let programs = Programs {
                tollgate: path("tollgate"),
                mock_vendors: path("mock-vendors"),
                manifest: path("spin.toml"),
            };
            let options = Options {
                listen: listen.parse().unwrap(),
                data: path("data"),
                vendors: Vendors::Mock,
                log: Some(path("log")),
            };
            Stack::start(&programs, &options)
        }

        fn runs(&self, name: &str) -> bool {
            let pid = fs::read_to_string(self.0.path().join(format!("{name}.pid"))).unwrap();
            Path::new(&format!("/proc/{}", pid.trim())).exists()
        }
    }

    const GOOD_MOCKS: &str = "echo listening on http://127.0.0.1:9; exec sleep 60";

    fn message(start: Result<Stack>) -> String {
        format!("{:#}", start.err().expect("the start should fail"))
    }

    #[test]
    fn a_part_that_dies_ends_the_start() {
        let fakes = Fakes::new("exec sleep 60", "exit 4");
        assert!(message(fakes.start("127.0.0.1:0")).contains("mock-vendors ended before it listened (exit status: 4)"));

        let fakes = Fakes::new("echo bad variable >&2; exit 2", GOOD_MOCKS);
        assert!(message(fakes.start("127.0.0.1:0")).contains("tollgate ended by itself (exit status: 2)"));
        assert!(!fakes.runs("mock-vendors"), "the mocks are ended with the gate");
        assert_eq!(fs::read_to_string(fakes.0.path().join("log")).unwrap(), "bad variable\n");
    }

    #[test]
    fn a_taken_port_is_told_before_anything_starts() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let fakes = Fakes::new("exec sleep 60", GOOD_MOCKS);
        let message = message(fakes.start(&taken.local_addr().unwrap().to_string()));
        assert!(message.contains("choose another address with --listen"), "{message}");
        assert!(!fakes.0.path().join("mock-vendors.pid").exists());
    }

    #[test]
    fn keys_are_not_among_the_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let keys = DevKeys::load_or_make(folder.path()).unwrap();
        let programs =
            Programs { tollgate: "tollgate".into(), mock_vendors: "m".into(), manifest: "/r/spin.toml".into() };
        for (vendors, mocked) in [(Vendors::Mock, true), (Vendors::Live, false)] {
            let options = Options { listen: "127.0.0.1:0".parse().unwrap(), data: "/d".into(), vendors, log: None };
            let address = "127.0.0.1:3000".parse().unwrap();
            let command = gate_command(&programs, &options, address, &keys, Path::new("/d/drills")).unwrap();
            let arguments: Vec<_> =
                command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
            let line = arguments.join(" ");
            assert!(line.starts_with("up --listen 127.0.0.1:3000 --data /d --manifest /r/spin.toml"), "{line}");
            assert_eq!(line.contains("dev_hosts=http://127.0.0.1:*"), mocked);
            assert_eq!(line.contains("--drills /d/drills"), mocked, "a gate with real vendors has no drills");
            assert!(!line.contains(&keys.admin_key) && !line.contains(&keys.master_key));
        }
    }
}
