//! Something that answers as a gate does, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

pub const ADMIN_KEY: &str = "tg_admin_of_the_command_line";

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method and path with its query.
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// See the module's description. It ends with the test program.
pub struct Gate {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Gate {
    /// Answers each request with status and body.
    pub fn start(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (all, answer) = (asked.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (all, answer) = (all.clone(), answer.clone());
                // Who connects and asks nothing is no failure of the test.
                thread::spawn(move || serve(stream, &all, &*answer));
            }
        });
        Self { url, asked }
    }

    /// What it was asked since the last time.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// The program against this gate.
    pub fn tollgate(&self, arguments: &str) -> Output {
        let mut command = tollgate(arguments);
        command.env("TOLLGATE_URL", &self.url).env("TOLLGATE_ADMIN_KEY", ADMIN_KEY).output().unwrap()
    }
}

fn serve(stream: TcpStream, all: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> (u16, Value)) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let line = line.trim_end().strip_suffix(" HTTP/1.1")?.to_owned();
    let (mut headers, mut length) = (Vec::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        let name = name.to_ascii_lowercase();
        if name == "content-length" {
            length = value.parse().ok()?;
        }
        headers.push((name, value.to_owned()));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let asked = Asked { line, headers, body: serde_json::from_slice(&body).unwrap_or_default() };
    let (status, body) = answer(&asked);
    all.lock().unwrap().push(asked);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    (&stream).write_all(head.as_bytes()).ok()
}

/// The program as nobody's command: it knows no gate and no key.
pub fn tollgate(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    for name in ["TOLLGATE_KV", "TOLLGATE_URL", "TOLLGATE_ADMIN_KEY", "TOLLGATE_SECRET_KEY"] {
        command.env_remove(name);
    }
    command.args(arguments.split_whitespace());
    command
}

/// Exit status, standard output, standard error.
pub fn told(output: Output) -> (Option<i32>, String, String) {
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code(), out, err)
}
