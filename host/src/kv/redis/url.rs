//! Where a Redis server is, as `--kv` names it, and how to get in. Shown without user and password, wherever it is shown.

use std::fmt;

use anyhow::{Context, Result};
use redis::io::tcp::TcpSettings;
use redis::{ConnectionInfo, IntoConnectionInfo};

/// `redis://[user][:password@]host[:port][/db]`, `rediss://` for TLS, or `redis+unix:///path[?db=..&user=..&pass=..]`.
///
/// Looked at when it is used: an error where arguments are read would show the whole of it.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(String);

impl RedisUrl {
    /// Any text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What it says.
    ///
    /// # Errors
    /// It is no such URL.
    pub fn info(&self) -> Result<ConnectionInfo> {
        let info = self.0.as_str().into_connection_info().context(
            "`--kv` has a URL that can't be used: expected redis://[user][:password@]host[:port][/db], \
             rediss:// for TLS, or redis+unix:///path?db=0; special characters of a password are percent-encoded",
        )?;
        // Many small commands, each with somebody waiting: never held back for a fuller packet.
        Ok(info.set_tcp_settings(TcpSettings::default().set_nodelay(true)))
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.info() {
            Ok(info) => write!(f, "redis at {}, database {}", info.addr(), info.redis_settings().db()),
            Err(_) => f.write_str("redis at a URL that can't be used"),
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_without_its_secrets() {
        let check = |url: &str, shown: &str| {
            let url = RedisUrl::new(url);
            assert_eq!(url.to_string(), shown);
            let error = url.info().err().map(|error| format!("{error:#}"));
            assert!(!format!("{url} {url:?} {error:?}").contains("secret"), "{shown}");
        };
        check("redis://127.0.0.1", "redis at 127.0.0.1:6379, database 0");
        check("redis://:secret@127.0.0.1:7000/3", "redis at 127.0.0.1:7000, database 3");
        check("redis://secret-user:secret@store.example/3", "redis at store.example:6379, database 3");
        check("rediss://:secret@store.example", "redis at store.example:6379, database 0");
        check("redis+unix:///run/redis.sock?db=2&pass=secret", "redis at /run/redis.sock, database 2");
        check("redis://:secret@host/three", "redis at a URL that can't be used");
        check("redi://:secret@host", "redis at a URL that can't be used");
        check("redis://:sec#ret@host:1", "redis at a URL that can't be used");
        check("://:secret@", "redis at a URL that can't be used");
    }
}
