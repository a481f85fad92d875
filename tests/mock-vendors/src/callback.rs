//! Sends callbacks, and again until they are taken; and where to send those that no request names.

use std::collections::HashMap;
use std::time::Duration;

use axum::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::State;
use crate::client;
use crate::webhook::Headers;

const ATTEMPTS: u32 = 5;

/// An account's settings for callbacks, as one makes them on a vendor's pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hook {
    /// The key whose account this is (of LiveKit's pair the id will do); the empty one stands for all others.
    pub key: String,
    /// Where to report to (LiveKit, upload-post, Telegram).
    pub url: Option<String>,
    /// What to sign with (kie, upload-post), or what to show (Telegram); unsigned without it.
    pub secret: Option<String>,
}

/// At most one hook per vendor and key.
#[derive(Debug, Default)]
pub struct Hooks(HashMap<(String, String), Hook>);

impl Hooks {
    pub fn set(&mut self, vendor: &str, hook: Hook) {
        let key = if vendor == "livekit" { hook.key.split(':').next().unwrap_or_default() } else { &hook.key };
        self.0.insert((vendor.to_owned(), key.to_owned()), hook);
    }

    pub fn of(&self, vendor: &str, key: &str) -> Hook {
        let get = |key: &str| self.0.get(&(vendor.to_owned(), key.to_owned()));
        get(key).or_else(|| get("")).cloned().unwrap_or_default()
    }
}

/// Reports `body` to `url`, the same at every attempt; `sign` makes its headers.
pub async fn send(state: &State, vendor: &str, url: &str, body: Value, sign: impl FnOnce(&[u8]) -> Headers) {
    let text = body.to_string();
    let mut headers = sign(text.as_bytes());
    if !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    let mut statuses = Vec::new();
    for attempt in 0..ATTEMPTS {
        let sent = client::send(Method::POST, url, &headers, text.clone());
        let status = match tokio::time::timeout(Duration::from_secs(10), sent).await {
            Ok(Ok(answer)) => answer.status,
            _ => 0,
        };
        statuses.push(status);
        if (200..300).contains(&status) {
            break;
        }
        if attempt + 1 < ATTEMPTS {
            tokio::time::sleep(Duration::from_millis(200 << attempt)).await;
        }
    }
    state.callbacks().push(json!({ "vendor": vendor, "url": url, "body": body, "statuses": statuses }));
}
