//! `POST /v1/events/test`: an event that means nothing, to see whether it arrives.

use events::{Event, emit};
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, host, offline};

use crate::access;

pub fn test(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let tenant = access::tenant(call, store)?;
    let data = json!({ "message": "This is a test.", "request_id": call.request_id });
    let event = Event::new("test", &call.request_id, host::now(), None, data);
    // What if we crash here? There is no answer, and another test is another event.
    emit(store, &tenant, &event).map_err(|error| offline(&error))?;
    Ok(Reply::json(202, &json!({ "id": event.id })))
}
