//! A client for the gate's own HTTP interface: HTTP/1.1 to a loopback address, one request per connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

const CONNECT_LIMIT: Duration = Duration::from_secs(2);
const READ_LIMIT: Duration = Duration::from_secs(30);
const BODY_LIMIT: u64 = 4 << 20;

/// One way to ask the gate something; a test puts a fake in its place.
pub trait Api {
    /// An answer of any status is `Ok`; an error means that there was no answer.
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer>;
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {}", self.body))
    }
}

/// The gate at `address`, asked with `bearer` as the credential.
pub struct Client {
    pub address: SocketAddr,
    pub bearer: String,
}

impl Api for Client {
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        let mut stream = TcpStream::connect_timeout(&self.address, CONNECT_LIMIT)?;
        stream.set_read_timeout(Some(READ_LIMIT))?;
        stream.set_write_timeout(Some(READ_LIMIT))?;
        let body = body.map(Value::to_string).unwrap_or_default();
        // One write: headers and body in two would meet delayed acknowledgements.
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            self.bearer,
            body.len(),
        );
        stream.write_all(request.as_bytes())?;
        read_answer(BufReader::new(stream)).with_context(|| format!("{method} {path}"))
    }
}

/// Reads one answer; what has no length ends with the connection.
pub fn read_answer(mut source: impl BufRead) -> Result<Answer> {
    let status_line = read_line(&mut source)?;
    let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let Some(status) = status else { bail!("not an HTTP answer: {status_line:?}") };
    let (mut length, mut chunked) = (None, false);
    loop {
        let line = read_line(&mut source)?.to_ascii_lowercase();
        match line.split_once(':') {
            None if line.is_empty() => break,
            Some(("content-length", value)) => length = Some(value.trim().parse::<u64>()?),
            Some(("transfer-encoding", value)) => chunked = value.contains("chunked"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    match length {
        _ if status == 204 || status == 304 => {}
        _ if chunked => read_chunks(source, &mut body)?,
        Some(length) if length > BODY_LIMIT => bail!("the answer is larger than {BODY_LIMIT} bytes"),
        Some(length) => {
            source.take(length).read_to_end(&mut body)?;
            if body.len() as u64 != length {
                bail!("the answer was cut off");
            }
        }
        None => drop(source.take(BODY_LIMIT).read_to_end(&mut body)?),
    }
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

fn read_chunks(mut source: impl BufRead, body: &mut Vec<u8>) -> Result<()> {
    loop {
        let line = read_line(&mut source)?;
        let size =
            u64::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16).context("bad chunk size")?;
        if size == 0 {
            // Up to the empty line, so that another answer may follow.
            while !read_line(&mut source)?.is_empty() {}
            return Ok(());
        }
        if body.len() as u64 + size > BODY_LIMIT {
            bail!("the answer is larger than {BODY_LIMIT} bytes");
        }
        let before = body.len();
        source.by_ref().take(size).read_to_end(body)?;
        if (body.len() - before) as u64 != size {
            bail!("the answer was cut off");
        }
        read_line(&mut source)?;
    }
}

fn read_line(source: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    if source.by_ref().take(16 << 10).read_line(&mut line)? == 0 {
        bail!("the connection was closed before the answer was complete");
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_in_every_framing() {
        let check = |wire: &str, expected: Option<(u16, &str)>| {
            let read = read_answer(wire.as_bytes()).ok();
            assert_eq!(read.as_ref().map(|answer| (answer.status, answer.body.as_str())), expected, "{wire:?}");
        };
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}ignored", Some((200, "{}")));
        check(
            "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
            Some((201, "abcde")),
        );
        check("HTTP/1.1 204 No Content\r\n\r\n", Some((204, "")));
        check("HTTP/1.0 503 Service Unavailable\r\n\r\nuntil the end", Some((503, "until the end")));
        check("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", None);
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort", None);
        check("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", None);
        check("SSH-2.0-OpenSSH\r\n", None);
        check("", None);
    }

    #[test]
    fn a_request_carries_credential_and_body() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client { address: listener.local_addr().unwrap(), bearer: "key".into() };
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue").unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let answer = client.call("PUT", "/v1/site", Some(&serde_json::json!({"a": 1}))).unwrap();
        assert_eq!(answer.json().unwrap(), Value::Bool(true));
        let request = server.join().unwrap();
        assert!(request.starts_with("PUT /v1/site HTTP/1.1\r\n"), "{request}");
        assert!(
            request.contains("\r\nAuthorization: Bearer key\r\n") && request.ends_with("\r\n\r\n{\"a\":1}"),
            "{request}"
        );
    }
}
