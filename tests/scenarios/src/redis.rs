//! A Redis server that several gates share.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::processes::{Folder, Process};
use crate::random;

const START_LIMIT: Duration = Duration::from_secs(10);

/// A server whose every answer is on its disk.
pub struct RedisServer {
    process: Process,
    folder: Folder,
    port: u16,
    starts: u32,
}

impl RedisServer {
    pub fn start() -> Self {
        let folder = Folder::new("redis-");
        // Somebody else may take the port meanwhile.
        for _ in 0..10 {
            let port = free_port();
            let mut process = spawn(&folder.0, port, 0);
            if answers(&mut process, port) {
                return Self { process, folder, port, starts: 1 };
            }
        }
        panic!("redis-server doesn't start; its output is in {}", folder.0.display());
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it as a power cut would.
    pub fn kill9(&mut self) {
        self.process.kill();
    }

    /// Starts it again on its port and its data.
    pub fn restart(&mut self) {
        self.process.kill();
        self.process = spawn(&self.folder.0, self.port, self.starts);
        self.starts += 1;
        assert!(answers(&mut self.process, self.port), "redis-server doesn't start again");
    }
}

fn spawn(folder: &Path, port: u16, start: u32) -> Process {
    let installed = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("redis-server").is_file()));
    assert!(installed, "redis-server is not installed: apt-get install redis-server");
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--daemonize", "no", "--save", ""]);
    command.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(folder);
    Process::spawn(command, &folder.join(format!("redis-{start}")))
}

/// Waits until it takes commands; whoever else may listen on the port, it is not a process that has ended.
fn answers(process: &mut Process, port: u16) -> bool {
    let deadline = Instant::now() + START_LIMIT;
    while Instant::now() < deadline {
        if process.ended() {
            return false;
        }
        let answer = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            stream.write_all(b"PING\r\n")?;
            let mut answer = [0; 7];
            stream.read_exact(&mut answer)?;
            Ok(answer)
        });
        if answer.is_ok_and(|answer| &answer == b"+PONG\r\n") {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

/// A port below those that outgoing connections are given, so that none of them sits on it at a restart.
fn free_port() -> u16 {
    loop {
        let port = 20_000 + u16::from_le_bytes(random::bytes()) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
