//! `GET /api/metatwin/health`, for whoever asks: whether the gate can do its work, and a glance at its twins.

use serde_json::json;
use shell::{Call, KeyValue, Reply, host, warn};

use crate::mesh;

/// What that interface calls itself.
const VERSION: &str = "2.5.0";

/// 200 `ok`, or 503 `offline` when the store can't be reached.
pub fn get(call: &Call, store: &KeyValue) -> Reply {
    let pulse = mesh::pulse(store).inspect_err(|error| warn!("store", error = error)).ok();
    let (status, word) = if pulse.is_some() { (200, "ok") } else { (503, "offline") };
    let (active, standing) = pulse.unwrap_or((0, "offline"));
    Reply::json(
        status,
        &json!({
            "status": word,
            "service": "metatwin",
            "version": VERSION,
            "port": port(&call.own_origin()),
            "timestamp": host::now().to_string(),
            "activeTwins": active,
            "meshStatus": standing,
        }),
    )
}

/// The port that the caller has reached us at.
fn port(origin: &str) -> u16 {
    let (scheme, authority) = origin.split_once("://").unwrap_or(("", origin));
    // An address of IPv6 has colons of its own, in brackets.
    let after_host = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    let written = after_host.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    written.unwrap_or(if scheme == "https" { 443 } else { 80 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_the_one_that_was_reached() {
        for (origin, expected) in [
            ("http://127.0.0.1:3403", 3403),
            ("http://localhost", 80),
            ("https://gate.example.com", 443),
            ("http://[::1]:3000", 3000),
            ("https://[::1]", 443),
            ("http://x:99999", 80),
        ] {
            assert_eq!(port(origin), expected, "{origin}");
        }
    }
}
