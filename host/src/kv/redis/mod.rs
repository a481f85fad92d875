//! The store in a Redis server that several gates share, gates of ours and of Spin alike.
//!
//! Laid out as Spin's own Redis store has it: a key is the Redis key as it stands, with nothing of the store's label in it;
//! a value is its bytes; a counter is Redis' own integer, in decimal digits.
//!
//! ```text
//! get GET   set SET   delete DEL   exists EXISTS   increment INCRBY   list_keys SCAN, sorted here
//! ```
//!
//! # What is durable
//! A write is acknowledged when Redis has answered, and what Redis has answered counts as durable. That is as true as the
//! server's configuration makes it: with `appendonly yes` and `appendfsync always` an answer means that the disk has it.
//! With less the start says what a crash of that machine may lose ([`promises`]).
//!
//! A failover to a replica is another matter: Redis replicates after it has answered, so a replica that takes over lacks
//! the last moments of what was acknowledged, however the disks are set. Counters then stand lower than what has been
//! reserved, permits are missing, and a cap may be passed by what was admitted in those moments. Whoever can't accept that
//! restarts the primary from its own disk instead. Redis Cluster is not supported: its redirections are refused.
//!
//! # What is repeated
//! Reads, once, when the connection broke under them. Writes never: an increment whose answer is lost counts as applied,
//! and a `set` sent again could land after a later one of another gate.

use std::time::Duration;

use anyhow::{Result, anyhow};
use bytes::Bytes;
use redis::{Cmd, cmd};

use self::link::Link;
use self::server::Server;
use super::{KeyValue, KvError, KvFuture, Seq, check_key, check_value};

mod link;
mod promises;
mod scan;
mod server;
mod url;

#[cfg(test)]
mod tests;

pub use self::url::RedisUrl;

/// See the module's description.
pub struct RedisStore {
    link: Link,
}

impl RedisStore {
    /// Connects, and says in the log what this server's configuration puts at risk.
    ///
    /// # Errors
    /// Nobody answers there as Redis does, within seconds; or the URL is none.
    pub async fn open(url: &RedisUrl) -> Result<Self> {
        let server = Server::new(url)?;
        let connection = server.connect().await.map_err(|reason| unreachable(url, &reason))?;
        Ok(Self { link: Link::new(server, connection) })
    }

    async fn read<T: redis::FromRedisValue>(&self, command: Cmd) -> Result<(T, Seq), KvError> {
        Ok((self.link.look(&command).await?, Seq::START))
    }
}

/// Looks at a server as [`RedisStore::open`] would: what it puts at risk.
///
/// # Errors
/// The same.
pub async fn examine(url: &RedisUrl) -> Result<Vec<String>> {
    let server = Server::new(url)?;
    let mut connection = server.connect().await.map_err(|reason| unreachable(url, &reason))?;
    Ok(promises::doubts(&mut connection, &server).await)
}

fn unreachable(url: &RedisUrl, reason: &str) -> anyhow::Error {
    anyhow!("the store {url} can't be used: {reason}")
}

impl KeyValue for RedisStore {
    fn get<'a>(&'a self, _store: &'a str, key: &'a str) -> KvFuture<'a, (Option<Bytes>, Seq)> {
        Box::pin(async move {
            let (value, seq) = self.read::<Option<Vec<u8>>>(cmd("GET").arg(key).take()).await?;
            Ok((value.map(Bytes::from), seq))
        })
    }

    fn set<'a>(&'a self, _store: &'a str, key: &'a str, value: Bytes) -> KvFuture<'a, Seq> {
        Box::pin(async move {
            check_key(key)?;
            check_value(&value)?;
            self.link.once::<()>(cmd("SET").arg(key).arg(&value[..])).await?;
            Ok(Seq::START)
        })
    }

    fn delete<'a>(&'a self, _store: &'a str, key: &'a str) -> KvFuture<'a, Seq> {
        Box::pin(async move {
            self.link.once::<()>(cmd("DEL").arg(key)).await?;
            Ok(Seq::START)
        })
    }

    fn exists<'a>(&'a self, _store: &'a str, key: &'a str) -> KvFuture<'a, (bool, Seq)> {
        Box::pin(self.read(cmd("EXISTS").arg(key).take()))
    }

    fn increment<'a>(&'a self, _store: &'a str, key: &'a str, delta: i64) -> KvFuture<'a, (i64, Seq)> {
        Box::pin(async move {
            check_key(key)?;
            let mut command = cmd("INCRBY");
            command.arg(key).arg(delta);
            let value = match delta {
                // Adding nothing is a look, and a second one does no harm.
                0 => self.link.look(&command).await,
                _ => self.link.once(&command).await,
            };
            match value {
                Ok(value) => Ok((value, Seq::START)),
                // A list, a set, something of another program.
                Err(KvError::Refused(reason)) if reason.contains("WRONGTYPE") => Err(KvError::NotACounter),
                Err(error) => Err(error),
            }
        })
    }

    fn list_keys<'a>(
        &'a self,
        _store: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> KvFuture<'a, (Vec<String>, Seq)> {
        Box::pin(async move { Ok((scan::page(&self.link, after, limit).await?, Seq::START)) })
    }

    fn is_durable(&self, _seq: Seq) -> bool {
        true
    }

    fn durable(&self, _seq: Seq) -> KvFuture<'_, ()> {
        Box::pin(futures::future::ok(()))
    }

    fn close(&self) {
        self.link.close();
    }
}

/// Seconds as people read them.
fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs())
}
