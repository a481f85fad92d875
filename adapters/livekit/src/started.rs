//! Reads the answer to a creation: the room as the server has made it.

use adapter::prelude::*;
use adapter::{Fields, Join, Live, NoGood, Started, Step, is_id};

use crate::grants::Joining;

/// The room that was asked for, and no other: a token for another would let the visitor into it. A server that accepts
/// the call and leaves the name out has made what it was asked for.
pub fn read(session: &Live, body: &[u8]) -> Result<Started, NoGood> {
    let room = Fields::parse(body).map_err(|_| NoGood::garbled("the answer is not a JSON object"))?;
    let name = match room.raw("name") {
        Some(_) => room.get::<String>("name"),
        None => Some(session.id.clone()),
    };
    let Some(name) = name.filter(|name| *name == session.id) else {
        return Err(NoGood::garbled("the answer names another room"));
    };
    if !is_id(&name, 128, "_-") || !is_id(&session.visitor, 128, "_-") {
        return Err(NoGood::garbled("the session has no plain id and visitor"));
    }
    let metadata: String = room.get("metadata").unwrap_or_default();
    let joining = Joining::read(&Fields::parse(metadata.as_bytes()).unwrap_or_default());
    Ok(Started { vendor_id: name, step: Step::Open(Join::Grants(joining.grants(session))) })
}
