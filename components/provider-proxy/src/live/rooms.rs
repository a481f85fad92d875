//! Rooms that visitor and agent join by themselves: a short-lived token with the least rights.
//!
//! A room is a live session like a video: it is paid tick by tick, and the kill switch closes it.

use serde::Deserialize;
use shell::{Call, KeyValue, Problem, Reply};

use super::video::{Asked, started};
use crate::{bindings::adapter::Capability, caller::capable};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default)]
    provider: Option<String>,
    #[serde(default)]
    persona: Option<String>,
    /// For a tenant's own server, which doesn't tick.
    #[serde(default)]
    max_seconds: Option<u32>,
}

/// `POST /v1/realtime/tokens`
pub async fn token(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = capable(call, "video")?;
    let body: Body = if call.body.is_empty() { Body::default() } else { call.json()? };
    let asked = Asked { provider: body.provider, persona: body.persona, max_seconds: body.max_seconds };
    started(call, store, &grant, Capability::Realtime, asked).await
}
