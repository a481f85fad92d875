//! Every parser of what strangers send, given damaged copies of what they really send. `FUZZ_SEED` and `FUZZ_MS` are
//! explained in the crate's description.
//!
//! The properties: no panic; the same answer to the same bytes; nothing accepted of which a signed byte was changed;
//! nothing told that is longer than what came, or that isn't what the port promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests may panic")]

mod compliance;
mod jobs;
mod live;
mod messages;
mod planted;
mod protocols;
mod recipes;
mod refusals;
mod secrets;
mod signatures;
mod signed;
mod twins;
mod webhooks_of_vendors;

/// The bundle's own list of adapters, as its component has it: a new vendor is tried here without being named.
#[path = "../../../../adapters/bundle/src/lib.rs"]
mod bundle;
/// The proxy's own reading of commands and of JSON-RPC: both are pure, and private to a component.
#[allow(dead_code, reason = "the component uses more of it")]
#[path = "../../../../components/provider-proxy/src/messages/commands.rs"]
mod commands;
/// Deliveries that are good, and the vendors' published ones: the corpus is the signatures' own tests'.
#[allow(dead_code, reason = "its tests use more of it")]
#[path = "../../../../crates/webhooks/tests/signatures/good.rs"]
mod good;
#[allow(dead_code, reason = "the component uses more of it")]
#[path = "../../../../components/provider-proxy/src/mcp/rpc.rs"]
mod rpc;
#[allow(dead_code, reason = "its tests use more of it")]
#[path = "../../../../crates/webhooks/tests/signatures/vectors.rs"]
mod vectors;

use std::time::Duration;

use adapter::Adapter;
use guest::Vendors;

fn adapters() -> &'static [&'static dyn Adapter] {
    bundle::All::ALL
}

/// What a vendor has really sent, as its adapter's tests recorded it; and a little for vendors of which there is nothing.
fn recorded(vendor: &str) -> Vec<Vec<u8>> {
    let mut all = fuzz::corpus::files(&format!("adapters/{vendor}/tests/fixtures"));
    // Sound and the like is no text, and streams are the meters' own.
    all.retain(|file| std::str::from_utf8(file).is_ok() && file.len() < 32 * 1024);
    all.push(br#"{"id":"evt_1","type":"x","event":"x","data":{"id":"1"}}"#.to_vec());
    all.push(br#"{"error":{"message":"x","type":"x","code":"x"},"message":"x","detail":"x"}"#.to_vec());
    all
}

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// `what` unless it `holds`.
fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// The JSON, as another parser reads it that looks at every byte. `None` where it finds fault with bytes that the gate
/// passes over: what is of no interest may be no text, or half a character.
fn as_another_reads(json: &[u8]) -> Option<serde_json::Value> {
    serde_json::from_slice(json).ok()
}

/// A name that can be written to a log or a key: short, and nothing that moves the cursor.
fn is_plain(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The gate's own words: nothing of the vendor's in them.
fn is_our_own(failure: &adapter::Failure) -> Result<(), String> {
    let code = !failure.code.is_empty() && failure.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    require(code, || format!("a code is a name: {failure:?}"))?;
    let message = is_plain(&failure.message, 300) && !failure.message.contains(fuzz::damage::MARK);
    require(message, || format!("a message is the gate's own: {failure:?}"))
}
