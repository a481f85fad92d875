//! A store in Redis. Only `GET`, `SCAN` and `MGET` are sent, so nothing can be written. It isn't read at one moment:
//! counters are read before and after all the rest, and those that changed in between are told. The sequencer's state is
//! read first: all that it counts is there by then, and what it counts later is only more.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result};
use kv_schemas::Kind;
use redis::{Client, Connection, cmd};
use tollgate::kv::redis::RedisUrl;

use super::loaded::Loaded;
use crate::cli::out::Progress;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Keys that the server looks at, or gives, in one go: gates wait meanwhile.
const STEP: usize = 500;

/// What the keys of numbered things begin with: the sequencer's states by ticket, the log's entries, and what lies beside.
const STATE: &str = "sequencer/";
const ENTRY: &str = "entry/";
const PERSONAL: &str = "personal/";
/// The newest run's ticket.
const TICKET: &str = "sequencer-ticket";

fn place(family: &str, number: u64) -> String {
    format!("{family}{number}")
}

fn number(key: &str, family: &str) -> Option<u64> {
    key.strip_prefix(family)?.parse().ok()
}

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
        let state = self.state()?;
        let (values, mut counters): (BTreeSet<_>, BTreeSet<_>) = self
            .keys()?
            .into_iter()
            .partition(|key| matches!(reconcile::concerns(key), Some(Kind::Values | Kind::Logs)));
        let before = self.get(&counters)?;
        let mut values = self.get(&values)?;
        if let Some((ticket, bytes)) = state {
            // Every run leaves its state under another key: the listing may have passed over all of them.
            let is_later = |key: &String| number(key, STATE).is_some_and(|later| later >= ticket);
            values.retain(|key, _| !is_later(key));
            values.insert(place(STATE, ticket), bytes);
            counters.insert(TICKET.to_owned());
            self.moved_on(&mut values)?;
        }
        let after = self.get(&counters)?;

        let changed = counters.iter().filter(|key| before.get(*key) != after.get(*key));
        let moving = changed.filter_map(|key| reconcile::place_of(key)).collect();
        let mut loaded = Loaded::default();
        for (key, bytes) in values.into_iter().chain(after) {
            loaded.put(key, bytes, |digits| std::str::from_utf8(digits).ok()?.parse().ok());
        }
        Ok((loaded, moving))
    }

    /// The state of the newest run that left one, with its ticket: as the next run finds it.
    fn state(&mut self) -> Result<Option<(u64, Vec<u8>)>> {
        loop {
            let newest = self.ticket()?;
            let mut last = newest;
            while last > 0 {
                let first = last.saturating_sub(STEP as u64 - 1).max(1);
                let keys = (first..=last).map(|ticket| place(STATE, ticket)).collect();
                let found = self.get(&keys)?;
                let there = (first..=last).rev().find_map(|ticket| Some((ticket, found.get(&place(STATE, ticket))?)));
                if let Some((ticket, bytes)) = there {
                    return Ok(Some((ticket, bytes.clone())));
                }
                last = first - 1;
            }
            // A run that begins copies the state and removes the original after that.
            if self.ticket()? == newest {
                return Ok(None);
            }
        }
    }

    fn ticket(&mut self) -> Result<u64> {
        let ticket: Option<u64> =
            cmd("GET").arg(TICKET).query(&mut self.0).context("reading the sequencer's ticket")?;
        Ok(ticket.unwrap_or(0))
    }

    /// Entries that left the stage after it was listed, and were written after the log was.
    fn moved_on(&mut self, values: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
        let mut next = (0..).find(|seq| !values.contains_key(&place(ENTRY, *seq))).unwrap_or(0);
        let mut newer = BTreeMap::new();
        loop {
            let end = next + STEP as u64;
            let keys = (next..end).flat_map(|seq| [place(ENTRY, seq), place(PERSONAL, seq)]).collect();
            let found = self.get(&keys)?;
            let none = !found.keys().any(|key| number(key, ENTRY).is_some());
            newer.extend(found);
            if none {
                break;
            }
            next = end;
        }
        values.extend(newer);
        Ok(())
    }

    fn keys(&mut self) -> Result<BTreeSet<String>> {
        // How many there are would be another command, which whoever may only read need not be allowed.
        let progress = Progress::begin("listing keys", None);
        let mut keys = BTreeSet::new();
        let mut cursor = 0u64;
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(cursor).arg("COUNT").arg(STEP);
            let (next, page): (u64, Vec<Vec<u8>>) = scan.query(&mut self.0).context("listing keys")?;
            progress.advance(page.len() as u64);
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
        let progress = Progress::begin("reading keys", u64::try_from(keys.len()).ok());
        let mut found = BTreeMap::new();
        for keys in keys.chunks(STEP) {
            let values: Vec<Option<Vec<u8>>> = cmd("MGET").arg(keys).query(&mut self.0).context("reading keys")?;
            let pairs = keys.iter().zip(values).filter_map(|(key, value)| Some(((*key).clone(), value?)));
            found.extend(pairs);
            progress.advance(keys.len() as u64);
        }
        Ok(found)
    }
}
