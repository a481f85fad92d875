//! A gate under callgrind, which counts the instructions of everything it runs, compiled components included.
//!
//! What isn't part of a call is kept out: the rounds of the maintenance (the manifest here gives them other routes), the
//! disk (the store is in memory), and the compiling, which a gate without callgrind does beforehand.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::profile::Profile;
use crate::http::{Api, Client};
use crate::keys::DevKeys;
use crate::process::{self, Process};
use crate::trial::Scratch;
use crate::workspace::Workspace;

const UPSTREAM_SAYS: &str = "listening on http://";
const UPSTREAM_LIMIT: Duration = Duration::from_secs(20);
/// The first start compiles the components, the second one is slowed down fifty-fold.
const HEALTH_LIMIT: Duration = Duration::from_secs(180);
const CONTROL_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// A gate whose instructions are counted, with the vendor behind it.
pub struct CountedGate {
    gate: Process,
    process_id: u32,
    pub address: SocketAddr,
    pub admin_key: String,
    /// `host:port` of the vendor.
    pub upstream: String,
    _upstream: Process,
    dumps: u32,
    folder: Scratch,
}

impl CountedGate {
    /// Compiled components are kept in `cache`.
    pub fn start(workspace: &Workspace, cache: &Path) -> Result<Self> {
        let folder = Scratch::new("instructions")?;
        let (upstream_process, upstream) = start_upstream(&workspace.native_program("upstream"))?;
        fs::write(manifest(&folder.0), without_maintenance(workspace)?)?;
        let keys = DevKeys::load_or_make(&folder.0.join("data"))?;

        let address = free_address()?;
        let mut first = spawn(Command::new(workspace.tollgate()), &folder.0, cache, address, &keys)?;
        wait_for_health(&mut first, address, &folder.0)?;
        first.stop()?;

        let address = free_address()?;
        let mut gate = spawn(callgrind(&workspace.tollgate(), &folder.0), &folder.0, cache, address, &keys)?;
        wait_for_health(&mut gate, address, &folder.0)?;
        // Valgrind runs the program in its own process, so that one's number is the gate's.
        let process_id = gate.id();
        let admin_key = keys.admin_key;
        Ok(Self { gate, process_id, address, admin_key, upstream, _upstream: upstream_process, dumps: 0, folder })
    }

    /// Counts from here on. What ran uncounted is translated anew, so calls to warm up belong after it.
    pub fn count(&mut self) -> Result<()> {
        self.control(&["instrumentation", "on"])
    }

    /// Forgets what was counted.
    pub fn forget(&mut self) -> Result<()> {
        self.control(&["zero"])
    }

    /// What was counted since the last time, or since it was forgotten. The dump is copied to `keep`.
    pub fn take(&mut self, keep: &Path) -> Result<Profile> {
        self.control(&["dump"])?;
        self.dumps += 1;
        let dump = self.folder.0.join(format!("callgrind.out.{}", self.dumps));
        fs::copy(&dump, keep).with_context(|| format!("{} can't be copied to {}", dump.display(), keep.display()))?;
        let text = String::from_utf8_lossy(&fs::read(&dump)?).into_owned();
        Profile::parse(&text).with_context(|| format!("{} can't be read", keep.display()))
    }

    fn control(&mut self, words: &[&str]) -> Result<()> {
        if let Some(status) = self.gate.ended()? {
            bail!("the gate ended by itself ({status})\n{}", log(&self.folder.0));
        }
        let mut vgdb = Command::new("vgdb");
        // Without a limit it would stop the gate with ptrace, which containers forbid; a running gate looks by itself.
        vgdb.args([vgdb_prefix(&self.folder.0), "--max-invoke-ms=0".into()])
            .arg(format!("--pid={}", self.process_id))
            .args(words);
        process::run("vgdb", vgdb.stdout(Stdio::null()).stderr(Stdio::null()), CONTROL_LIMIT)
            .with_context(|| format!("callgrind did not follow `{}`", words.join(" ")))
    }
}

fn start_upstream(program: &Path) -> Result<(Process, String)> {
    let mut command = Command::new(program);
    command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut upstream = Process::spawn("upstream", &mut command)?;
    let line = upstream.lines().recv_timeout(UPSTREAM_LIMIT).context("upstream said nothing")?;
    let address = line.strip_prefix(UPSTREAM_SAYS).with_context(|| format!("upstream said {line:?}"))?;
    Ok((upstream, address.trim().to_owned()))
}

/// The manifest with files that are found from anywhere, and the maintenance where the host's timer doesn't look.
fn without_maintenance(workspace: &Workspace) -> Result<String> {
    let text = fs::read_to_string(workspace.spin_toml()).context("spin.toml can't be read")?;
    Ok(elsewhere(&text, &workspace.root))
}

fn elsewhere(manifest: &str, root: &Path) -> String {
    manifest
        .replace("\"target/", &format!("\"{}/target/", root.display()))
        .replace("\"/v1/maintenance", "\"/v1/uncalled")
}

fn manifest(folder: &Path) -> PathBuf {
    folder.join("spin.toml")
}

fn callgrind(tollgate: &Path, folder: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--instr-atstart=no"]).arg(vgdb_prefix(folder));
    command.arg(format!("--callgrind-out-file={}", folder.join("callgrind.out").display()));
    command.arg(tollgate);
    command
}

/// Pipes of its own: a killed valgrind leaves them behind, here in a folder that goes.
fn vgdb_prefix(folder: &Path) -> String {
    format!("--vgdb-prefix={}", folder.join("vgdb").display())
}

fn spawn(mut command: Command, folder: &Path, cache: &Path, address: SocketAddr, keys: &DevKeys) -> Result<Process> {
    command.args(["up", "--kv", "memory", "--listen", &address.to_string()]);
    command.arg("--data").arg(folder.join("data")).arg("--cache").arg(cache);
    command.arg("--manifest").arg(manifest(folder)).args(["--variable", "dev_hosts=http://127.0.0.1:*"]);
    // An instance that waits for its next call isn't replaced by the clock, only by the number of its calls.
    command.args(["--idle-instance-timeout", "600"]);
    command.env("SPIN_VARIABLE_ADMIN_KEY", &keys.admin_key).env("SPIN_VARIABLE_MASTER_KEY", &keys.master_key);
    // Valgrind's processor isn't this machine's: without it what the first gate compiled would not fit the second.
    command.env("TOLLGATE_PORTABLE_CODE", "1");
    // More to say is more to do.
    command.env_remove("TOLLGATE_LOG");
    let log = File::create(log_file(folder))?;
    command.stdout(log.try_clone()?).stderr(log);
    Process::spawn("tollgate", &mut command)
}

fn wait_for_health(gate: &mut Process, address: SocketAddr, folder: &Path) -> Result<()> {
    let client = Client { address, bearer: String::new() };
    let deadline = Instant::now() + HEALTH_LIMIT;
    loop {
        if client.call("GET", "/health", None).is_ok_and(|answer| answer.status == 200) {
            return Ok(());
        }
        if let Some(status) = gate.ended()? {
            bail!("tollgate ended by itself ({status})\n{}", log(folder));
        }
        if process::interrupted() {
            bail!("interrupted");
        }
        if Instant::now() >= deadline {
            bail!("tollgate is not healthy after {} s\n{}", HEALTH_LIMIT.as_secs(), log(folder));
        }
        thread::sleep(POLL);
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("gate.log")
}

fn log(folder: &Path) -> String {
    fs::read_to_string(log_file(folder)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timer_finds_no_route_of_the_maintenance() {
        let manifest = "route = \"/v1/maintenance\"\nroute = \"/v1/maintenance/runs\"\nroute = \"/health\"\n\
                        source = \"target/wasm32-wasip2/release/site.wasm\"\n";
        let expected = "route = \"/v1/uncalled\"\nroute = \"/v1/uncalled/runs\"\nroute = \"/health\"\n\
                        source = \"/r/target/wasm32-wasip2/release/site.wasm\"\n";
        assert_eq!(elsewhere(manifest, Path::new("/r")), expected);
    }
}
