//! Who listens on a port.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::processes::{self, Process};

/// How long a gate on this machine has to say that it is one, for each step.
const PATIENCE: Duration = Duration::from_secs(3);
/// The state of a socket that listens, as the kernel writes it.
const LISTEN: &str = "0A";

/// The process that listens there, if it is this user's.
pub fn holder(address: SocketAddr) -> Option<Process> {
    let table = |name: &str| fs::read_to_string(format!("/proc/net/{name}")).unwrap_or_default();
    let inode = inode(&table("tcp"), address).or_else(|| inode(&table("tcp6"), address))?;
    processes::with_open(&format!("socket:[{inode}]"))
}

/// The socket in the kernel's table that keeps others from listening at this address.
fn inode(table: &str, address: SocketAddr) -> Option<u64> {
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (ip, port) = columns.get(1)?.split_once(':')?;
        let same_port = u16::from_str_radix(port, 16).ok()? == address.port();
        let in_the_way = same_port && *columns.get(3)? == LISTEN && is_in_the_way(ip, address);
        if in_the_way { columns.get(9)?.parse().ok() } else { None }
    })
}

/// The kernel writes addresses as words of the processor's order. Whoever listens everywhere listens there too.
fn is_in_the_way(ip: &str, address: SocketAddr) -> bool {
    let word = |at: usize| u32::from_str_radix(ip.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    let everywhere = address.ip().is_unspecified() || ip.bytes().all(|digit| digit == b'0');
    everywhere
        || match (address, ip.len()) {
            (SocketAddr::V4(address), 8) => word(0).map(Ipv4Addr::from) == Some(*address.ip()),
            (SocketAddr::V6(address), 32) => {
                let words: Option<Vec<[u8; 4]>> = (0..4).map(|n| word(n * 8)).collect();
                let bytes = words.map(|words| words.concat()).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
                bytes.map(Ipv6Addr::from) == Some(*address.ip())
            }
            _ => false,
        }
}

/// Whether a gate answers there.
pub fn is_gate(address: SocketAddr) -> bool {
    ask(address).is_ok_and(|answer| answer.contains("\"service\":\"tollgate\""))
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    // As much as any gate says, from whatever is there.
    stream.take(16 * 1024).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn ops_5_a_port_that_is_taken_is_found_in_the_kernels_table() {
        let word = |ip: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(ip));
        let table = format!(
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             \x20  0: {}:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0 100 0\n\
             \x20  1: {}:0BB9 {}:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 222 1 0 100 0\n\
             \x20  2: 00000000:0BBA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0\n",
            word([127, 0, 0, 1]),
            word([127, 0, 0, 1]),
            word([127, 0, 0, 1]),
        );
        for (address, expected) in [
            ("127.0.0.1:3000", Some(111)),
            ("0.0.0.0:3000", Some(111)),
            ("127.0.0.2:3000", None),
            ("127.0.0.1:3001", None),
            ("127.0.0.1:3002", Some(333)),
            ("127.0.0.1:3003", None),
        ] {
            assert_eq!(inode(&table, address.parse().unwrap()), expected, "{address}");
        }
        assert_eq!(inode("", "127.0.0.1:1".parse().unwrap()), None);
    }

    #[test]
    fn ops_5_it_is_told_who_has_the_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let holder = holder(listener.local_addr().unwrap()).unwrap();
        assert_eq!(holder.pid, std::process::id());
        assert!(!holder.name.is_empty());
    }
}
