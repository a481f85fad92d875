//! Tells the filter every key that the file held at the start, in the background: until then the disk is asked.
//!
//! Keys that come into the file meanwhile are told by the folder, before the file has them. So each key is told, wherever
//! this is.

use std::sync::Arc;

use rusqlite::Connection;

use super::file;
use super::key::KeyRef;
use super::shared::Shared;

/// Keys per page. Short, for a long look at the file keeps its write-ahead log from starting anew.
const PAGE: usize = 4_096;
/// Keys that are told in one go under the store's lock.
const CHUNK: usize = 512;

/// Reads the keys of the file, page by page.
pub fn learn(connection: &Connection, shared: &Arc<Shared>) -> rusqlite::Result<()> {
    let mut after: Option<(String, String)> = None;
    loop {
        let page = file::read_all_keys(connection, after.as_ref(), PAGE)?;
        for chunk in page.chunks(CHUNK) {
            let mut state = shared.lock();
            if state.closing || state.failed.is_some() {
                return Ok(());
            }
            chunk.iter().for_each(|(store, key)| state.filter.insert(KeyRef::new(store, key).hash));
        }
        if page.len() < PAGE {
            shared.lock().filter.complete();
            return Ok(());
        }
        after = page.into_iter().next_back();
    }
}
