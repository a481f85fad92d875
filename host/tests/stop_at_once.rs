//! OPS-5: whoever asks a second time doesn't wait for what is in flight.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::{guests, manifest};
use tempfile::TempDir;

/// Longer than any stop takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn signal(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn ops_5_a_second_ctrl_c_ends_it_at_once() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("spin.toml"), manifest()).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(["up", "--listen", "127.0.0.1:0", "--max-concurrent-requests", "64", "--cache"])
        .arg(guests().join("test-cache"))
        .current_dir(folder.path())
        .env_remove("TOLLGATE_KV")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines.filter_map(|line| line.strip_prefix("listening on http://").map(str::to_owned)).next().unwrap();
    // Something that takes longer than a stop waits.
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(stream, "GET /guest/stream?100,300,x HTTP/1.1\r\nhost: {address}\r\n\r\n").unwrap();
    assert!(stream.read(&mut [0; 256]).unwrap() > 0);

    signal(&child);
    sleep(Duration::from_millis(700));
    assert!(child.try_wait().unwrap().is_none(), "one waits for what is in flight");
    let asked = Instant::now();
    signal(&child);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(asked.elapsed() < PATIENCE, "it doesn't stop");
        sleep(Duration::from_millis(10));
    };
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_eq!(status.code(), Some(1), "what was in flight didn't finish");
}
