//! A long list as one line of JSON for each entry, read from the store as fast as the caller takes it.

use audit::{Cursor, Filter, Position, Selection, Snapshot};
use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use kv_schemas::Store;
use shell::Reply;
use spin_sdk::http::box_body;

/// One answer goes through this many entries; the header `x-next-cursor` says where to go on.
pub const MAX_ENTRIES: u64 = 100_000;
/// Entries in one chunk.
const CHUNK: usize = 250;
/// The media type.
pub const MEDIA_TYPE: &str = "application/x-ndjson";
/// How many positions the list has, so that a caller sees how far it is. There are fewer lines where only
/// some of the entries were asked for.
pub const TOTAL: &str = "x-total-count";

/// Streams what `snapshot` holds from `start` on.
pub fn stream<S: Store + Send + 'static>(
    store: S,
    snapshot: Snapshot,
    filter: &Filter,
    wanted: Selection,
    start: Position,
) -> Reply {
    let end = Position(start.0.saturating_add(MAX_ENTRIES));
    let total = snapshot.len().to_string();
    let next = (end.0 < snapshot.len()).then(|| Cursor::write(filter, end));
    let chunks = futures::stream::unfold(Some(start), move |position| {
        // Nothing here waits: the store is synchronous, so a chunk is ready when it is asked for.
        std::future::ready(position.map(|start| chunk(&store, &snapshot, &wanted, start, end)))
    });
    let reply = Reply::stream(200, MEDIA_TYPE, box_body(StreamBody::new(chunks))).with(TOTAL, &total);
    match next {
        Some(cursor) => reply.with("x-next-cursor", &cursor),
        None => reply,
    }
}

/// The chunk at `start`, and where the next one begins.
fn chunk(
    store: &dyn Store,
    snapshot: &Snapshot,
    wanted: &Selection,
    start: Position,
    end: Position,
) -> (anyhow::Result<Frame<Bytes>>, Option<Position>) {
    let room = usize::try_from(end.0.saturating_sub(start.0)).unwrap_or(CHUNK).min(CHUNK);
    // Exactly `room` positions are looked at, so that the stream ends where the header says.
    match snapshot.span(store, wanted, start, room) {
        Err(error) => {
            // The status is out already: the caller sees that the answer breaks off.
            shell::warn!("store", error = error);
            (Err(anyhow::anyhow!("the store can't be reached")), None)
        }
        Ok((items, next)) => {
            let lines = items.iter().filter_map(|item| serde_json::to_vec(&item.view()).ok());
            let bytes: Vec<u8> = lines.flat_map(|line| line.into_iter().chain([b'\n'])).collect();
            (Ok(Frame::data(bytes.into())), next.filter(|next| *next < end))
        }
    }
}
