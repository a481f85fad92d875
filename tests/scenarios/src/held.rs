//! A vendor that holds its answers until it is told to give them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use serde_json::json;

use crate::amounts::MODEL;

/// What an answer of it says it used.
pub const INPUT_TOKENS: i64 = 7;
/// See [`INPUT_TOKENS`].
pub const OUTPUT_TOKENS: i64 = 11;

/// An OpenAI-shaped vendor, for whole answers alone. Its threads end with the tests.
pub struct HeldVendor {
    address: SocketAddr,
    door: Arc<Door>,
}

/// Behind it stand the calls that have come in.
#[derive(Default)]
struct Door {
    calls: Mutex<Calls>,
    moved: Condvar,
}

#[derive(Default)]
struct Calls {
    waiting: usize,
    /// Rises whenever all that wait are let go.
    opened: u64,
}

impl HeldVendor {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let door = Arc::new(Door::default());
        let behind = Arc::clone(&door);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let door = Arc::clone(&behind);
                // A gate that goes away breaks its connection: nobody is left to be told.
                thread::spawn(move || drop(serve(connection, &door)));
            }
        });
        Self { address, door }
    }

    /// What a binding to it has as `base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// How many calls wait for their answers.
    pub fn waiting(&self) -> usize {
        self.door.calls.lock().expect("not poisoned").waiting
    }

    /// Answers all calls that wait.
    pub fn answer_all(&self) {
        let mut calls = self.door.calls.lock().expect("not poisoned");
        calls.waiting = 0;
        calls.opened += 1;
        self.door.moved.notify_all();
    }
}

fn serve(mut connection: TcpStream, door: &Door) -> std::io::Result<()> {
    read_request(&connection)?;
    {
        let mut calls = door.calls.lock().expect("not poisoned");
        calls.waiting += 1;
        let before = calls.opened;
        let _opened = door.moved.wait_while(calls, |calls| calls.opened == before).expect("not poisoned");
    }
    let body = answer();
    write!(
        connection,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn read_request(connection: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection);
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
    reader.read_exact(&mut vec![0; length])
}

fn answer() -> String {
    json!({
        "id": "chatcmpl-held",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Here I am."}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": INPUT_TOKENS,
            "completion_tokens": OUTPUT_TOKENS,
            "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
        },
    })
    .to_string()
}
