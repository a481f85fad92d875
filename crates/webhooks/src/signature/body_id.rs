//! Ids that vendors put into the body rather than into a header. They are as good as the body is: read them only once
//! that is verified.

use serde::Deserialize;

/// Longer ids are of no vendor.
const MAX_ID: usize = 256;

#[derive(Deserialize)]
struct Event {
    id: String,
}

/// The top-level `id`. `None` when there is no such thing: a body may be signed and still be no event.
#[must_use]
pub fn event_id(body: &[u8]) -> Option<String> {
    let Event { id } = serde_json::from_slice(body).ok()?;
    is_id(&id).then_some(id)
}

/// Whether `text` can be an id: visible ASCII of a sane length.
pub(super) fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}
