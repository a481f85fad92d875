//! Pages of keys in order, from a server that tells them in none.
//!
//! Every page looks at all keys, so that a listing costs the square of what it lists. No component of the gate lists keys;
//! it is there for guests that do, and for looking around.

use std::collections::BTreeSet;
use std::time::Duration;

use redis::cmd;
use tokio::time::Instant;

use super::link::Link;
use super::seconds;
use crate::kv::KvError;

/// Keys that the server looks at in one go: others wait meanwhile.
const STEP: usize = 1_000;
/// Longest time for a page.
const LIMIT: Duration = Duration::from_secs(30);

/// The first `limit` keys after `after`. A key that is told twice, as `SCAN` may do, is there once; one that is no text is
/// none of ours.
pub async fn page(link: &Link, after: Option<&str>, limit: usize) -> Result<Vec<String>, KvError> {
    let started = Instant::now();
    let mut first = BTreeSet::new();
    let mut cursor = 0u64;
    loop {
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("COUNT").arg(STEP);
        let (next, keys): (u64, Vec<Vec<u8>>) = link.look(&scan).await?;
        for key in keys.into_iter().filter_map(|key| String::from_utf8(key).ok()) {
            if after.is_none_or(|after| key.as_str() > after) {
                first.insert(key);
                // Never more than a page of them in memory.
                if first.len() > limit {
                    first.pop_last();
                }
            }
        }
        if next == 0 {
            return Ok(first.into_iter().collect());
        }
        cursor = next;
        if started.elapsed() > LIMIT {
            return Err(KvError::Refused(format!("more keys than can be listed in {}", seconds(LIMIT)).into()));
        }
    }
}
