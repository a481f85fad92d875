//! Requests that no client library would send.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A connection to the gate at `url`.
pub fn connect(url: &str) -> TcpStream {
    let address = url.strip_prefix("http://").expect("an http address");
    let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    stream.set_read_timeout(Some(Duration::from_secs(15))).expect("a socket takes a timeout");
    stream
}

/// Sends bytes as they are and reads until the gate closes the connection.
pub fn exchange(url: &str, request: &[u8]) -> String {
    let mut stream = connect(url);
    // A gate that refuses early may close before it has read everything; what it answered counts.
    drop(stream.write_all(request));
    read_to_end(&mut stream)
}

/// What still comes on a connection.
pub fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of a raw answer; 0 when there was none.
pub fn status(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok()).unwrap_or(0)
}
