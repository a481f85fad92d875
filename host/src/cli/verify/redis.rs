//! A store in Redis. Only `SCAN` and `MGET` are sent, so nothing can be written. It isn't read at one moment: counters
//! are read before and after all the rest, and those that changed in between are told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result};
use kv_schemas::Kind;
use redis::{Client, Connection, cmd};
use tollgate::kv::redis::RedisUrl;

use super::loaded::Loaded;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Keys that the server looks at, or gives, in one go: gates wait meanwhile.
const STEP: usize = 500;

pub struct Server(Connection);

impl Server {
    pub fn connect(url: &RedisUrl) -> Result<Self> {
        let connect = || {
            let connection = Client::open(url.info()?)?.get_connection_with_timeout(CONNECT_LIMIT)?;
            connection.set_read_timeout(Some(ANSWER_LIMIT))?;
            connection.set_write_timeout(Some(ANSWER_LIMIT))?;
            Ok::<_, anyhow::Error>(connection)
        };
        connect().map(Self).with_context(|| format!("the store {url}"))
    }

    /// Everything a check reads, and the places of the counters that changed meanwhile.
    pub fn load(&mut self) -> Result<(Loaded, BTreeSet<String>)> {
        let (values, counters): (BTreeSet<_>, BTreeSet<_>) = self
            .keys()?
            .into_iter()
            .partition(|key| matches!(reconcile::concerns(key), Some(Kind::Values | Kind::Logs)));
        let before = self.get(&counters)?;
        let values = self.get(&values)?;
        let after = self.get(&counters)?;

        let changed = counters.iter().filter(|key| before.get(*key) != after.get(*key));
        let moving = changed.filter_map(|key| reconcile::place_of(key)).collect();
        let mut loaded = Loaded::default();
        for (key, bytes) in values.into_iter().chain(after) {
            loaded.put(key, bytes, |digits| std::str::from_utf8(digits).ok()?.parse().ok());
        }
        Ok((loaded, moving))
    }

    fn keys(&mut self) -> Result<BTreeSet<String>> {
        let mut keys = BTreeSet::new();
        let mut cursor = 0u64;
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(cursor).arg("COUNT").arg(STEP);
            let (next, page): (u64, Vec<Vec<u8>>) = scan.query(&mut self.0).context("listing keys")?;
            let known = page.into_iter().filter_map(|key| String::from_utf8(key).ok());
            keys.extend(known.filter(|key| reconcile::concerns(key).is_some()));
            if next == 0 {
                return Ok(keys);
            }
            cursor = next;
        }
    }

    fn get(&mut self, keys: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>> {
        let keys: Vec<&String> = keys.iter().collect();
        let mut found = BTreeMap::new();
        for keys in keys.chunks(STEP) {
            let values: Vec<Option<Vec<u8>>> = cmd("MGET").arg(keys).query(&mut self.0).context("reading keys")?;
            let pairs = keys.iter().zip(values).filter_map(|(key, value)| Some(((*key).clone(), value?)));
            found.extend(pairs);
        }
        Ok(found)
    }
}
