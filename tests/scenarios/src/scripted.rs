//! A vendor that answers with exactly the bytes it is told to, and keeps what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// One request as it came.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Request line and headers.
    pub head: String,
    pub body: Vec<u8>,
}

impl Asked {
    /// The names of its headers, in lower case, each as often as it came.
    pub fn header_names(&self) -> Vec<String> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.map(|(name, _)| name.to_ascii_lowercase()).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// See the module's description. Its threads end with the tests.
pub struct ScriptedVendor {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl ScriptedVendor {
    /// Answers each request, on a connection of its own, as `answer` writes it.
    pub fn start(answer: impl Fn(&Asked, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (asked, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || {
                    let request = read_request(&connection).unwrap_or_default();
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
                    // A gate that has heard enough breaks the connection: nobody is left to be told.
                    drop(answer(&request, &mut connection));
                });
            }
        });
        Self { address, asked }
    }

    /// Answers every request with these bytes.
    pub fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |_, connection| connection.write_all(&bytes))
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Everything that came in, also connections on which nothing was asked.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A whole answer; its length and the end of the connection are said.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head =
        format!("HTTP/1.1 {status} So It Is\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The head of an answer that ends with its connection.
pub fn open_head(status: u16, content_type: &str) -> String {
    format!("HTTP/1.1 {status} So It Is\r\ncontent-type: {content_type}\r\nconnection: close\r\n\r\n")
}

fn read_request(connection: &TcpStream) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(connection);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    let asked = Asked { head, body: Vec::new() };
    let length = asked.header("content-length").and_then(|value| value.parse().ok());
    let mut body = Vec::new();
    match length {
        Some(length) => {
            body = vec![0; length];
            reader.read_exact(&mut body)?;
        }
        None if asked.header("transfer-encoding").is_some() => read_chunks(&mut reader, &mut body)?,
        None => {}
    }
    Ok(Asked { body, ..asked })
}

/// RFC 9112, section 7.1.
fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        let mut chunk = vec![0; size + "\r\n".len()];
        reader.read_exact(&mut chunk)?;
        if size == 0 {
            return Ok(());
        }
        body.extend_from_slice(&chunk[..size]);
    }
}
