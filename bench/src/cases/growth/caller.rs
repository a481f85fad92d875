//! One connection that is kept, and calls on it, one after the other: nothing of a client's own is in the times.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// No answer takes so long.
const LIMIT: Duration = Duration::from_secs(30);

/// A request, ready to be sent.
pub struct Call {
    name: String,
    bytes: Vec<u8>,
}

impl Call {
    /// `headers` are whole lines, each with its end.
    pub fn new(method: &str, path: &str, headers: &str, body: &str) -> Self {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Self { name: format!("{method} {path}"), bytes: [head.as_bytes(), body.as_bytes()].concat() }
    }
}

/// A connection.
pub struct Caller(BufReader<TcpStream>);

impl Caller {
    pub fn to(url: &str) -> Result<Self> {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).with_context(|| url.to_owned())?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Makes a call and reads its answer to the end.
    ///
    /// # Errors
    /// The status isn't a success, or there is no answer.
    pub fn make(&mut self, call: &Call) -> Result<Vec<u8>> {
        self.0.get_mut().write_all(&call.bytes)?;
        let status = self.line()?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':') {
                None => break,
                Some(("content-length", text)) => length = text.trim().parse()?,
                Some(("transfer-encoding", text)) => chunked = text.trim() == "chunked",
                Some(_) => {}
            }
        }
        let body = if chunked { self.chunks()? } else { self.take(length)? };
        let is_success = status.split(' ').nth(1).is_some_and(|code| code.starts_with('2'));
        ensure!(is_success, "{}: {status} {}", call.name, String::from_utf8_lossy(&body));
        Ok(body)
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or_default();
            let chunk = self.take(usize::from_str_radix(size.trim(), 16)?)?;
            self.line()?;
            if chunk.is_empty() {
                return Ok(body);
            }
            body.extend(chunk);
        }
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Without its end.
    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.0.read_line(&mut line)? > 0, "the connection is closed");
        Ok(line.trim_end().to_owned())
    }
}
