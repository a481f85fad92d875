//! Tells outsiders what became of a run: the tenant's feed, and the chat that it was begun from.

use events::Event;
use runs::{Notice, Run};
use serde_json::json;
use shell::{KeyValue, Problem, offline};

use super::links;
use crate::messages;

/// What if we crash in between? It is told again: as the same event, and the same message.
pub async fn tell(store: &KeyValue, run: &Run, notice: &Notice) -> Result<(), Problem> {
    let url = match &notice.gate {
        Some(gate) => Some(links::approval_url(run, gate).await?),
        None => None,
    };
    let mut data = notice.data(run);
    if let (Some(url), Some(gate)) = (&url, data.get_mut("gate").and_then(|gate| gate.as_object_mut())) {
        gate.insert("approval_url".into(), json!(url));
    }
    let event = Event::new(notice.kind.name(), &notice.subject, notice.at, None, data);
    let told = events::emit(store, &run.tenant, &event);
    told.and_then(|()| messages::report(store, run, notice, url.as_deref())).map_err(|error| offline(&error))
}
