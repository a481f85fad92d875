//! An Upload-Post whose ids of a request and of its job differ.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use scenarios::{Value, json};

const REQUEST: &str = "req-4711";
/// The id that its events carry.
pub const JOB: &str = "job-0815";

pub struct Vendor {
    address: SocketAddr,
    finished: Arc<AtomicBool>,
}

impl Vendor {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let finished = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&finished);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let flag = Arc::clone(&flag);
                thread::spawn(move || drop(serve(connection, &flag)));
            }
        });
        Self { address, finished }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn finish(&self) {
        self.finished.store(true, Ordering::Relaxed);
    }
}

fn serve(mut connection: TcpStream, finished: &AtomicBool) -> std::io::Result<()> {
    let is_look = read_request(&connection)?.starts_with("GET ");
    let body = match (is_look, finished.load(Ordering::Relaxed)) {
        (false, _) => json!({"success": true, "request_id": REQUEST}),
        (true, false) => json!({"success": true, "request_id": REQUEST, "job_id": JOB, "status": "in_progress"}),
        (true, true) => {
            let result = |platform: &str| -> Value {
                json!({"platform": platform, "success": true, "url": format!("https://{platform}.example/1")})
            };
            let results = json!([result("tiktok"), result("youtube")]);
            json!({"success": true, "request_id": REQUEST, "job_id": JOB, "status": "completed", "results": results})
        }
    };
    let body = body.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length";
    write!(connection, "{head}: {}\r\n\r\n{body}", body.len())
}

/// The first line; the rest is read and forgotten.
fn read_request(connection: &TcpStream) -> std::io::Result<String> {
    let mut reader = BufReader::new(connection);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap_or(0),
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    Ok(first)
}
