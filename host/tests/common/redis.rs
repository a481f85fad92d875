//! A Redis server of a test's own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const START_LIMIT: Duration = Duration::from_secs(10);

/// A running server with an empty folder. Every answer of it is on disk, unless `extra` says otherwise.
pub struct RedisServer {
    child: Child,
    folder: TempDir,
    extra: Vec<String>,
    pub port: u16,
}

impl RedisServer {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With more settings, each as `--name value`.
    pub fn start_with(extra: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let extra: Vec<String> = extra.iter().map(|&part| part.to_owned()).collect();
        // Somebody else may take the port meanwhile.
        for _ in 0..10 {
            let port = free_port();
            let mut child = spawn(&folder, port, &extra);
            if answers(&mut child, port) {
                return Self { child, folder, extra, port };
            }
            stop(&mut child);
        }
        panic!("redis-server doesn't start: {}", log(&folder));
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().into()
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        stop(&mut self.child);
    }

    /// Starts it again on its port and its folder.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(&self.folder, self.port, &self.extra);
        assert!(answers(&mut self.child, self.port), "redis-server doesn't start again: {}", log(&self.folder));
    }

    /// `STOP`: it neither answers nor closes anything. `CONT`: it goes on.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// What `redis-cli` prints, without the last line's end.
    pub fn cli(&self, arguments: &[&str]) -> Vec<u8> {
        let port = self.port.to_string();
        let output = Command::new("redis-cli").args(["-p", &port]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout).to_vec()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn spawn(folder: &TempDir, port: u16, extra: &[String]) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--daemonize", "no"])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--logfile", "log", "--dir"])
        .arg(folder.path())
        .args(extra)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("redis-server can't be run ({error}): apt-get install redis-server"))
}

/// Waits until it takes commands; whoever else may listen on the port, it is not a child that has ended.
fn answers(child: &mut Child, port: u16) -> bool {
    let deadline = Instant::now() + START_LIMIT;
    while Instant::now() < deadline {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        let answer = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            stream.write_all(b"PING\r\n")?;
            let mut answer = [0; 7];
            stream.read_exact(&mut answer)?;
            Ok(answer)
        });
        // With a password set it wants that first, which is an answer as well.
        if answer.is_ok_and(|answer| answer.starts_with(b"+PONG") || answer.starts_with(b"-NOAUTH")) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn log(folder: &TempDir) -> String {
    std::fs::read_to_string(folder.path().join("log")).unwrap_or_default()
}

/// A port below those that outgoing connections are given, so that none of them sits on it at a restart.
fn free_port() -> u16 {
    loop {
        let mut random = [0; 2];
        getrandom::fill(&mut random).unwrap();
        let port = 20_000 + u16::from_le_bytes(random) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
