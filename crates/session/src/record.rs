//! What is stored of a session, and its token.

use calendar::{MINUTE, Millis};
use kv_schemas::{Log, Once, Value, families};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tenancy::key_hash;

/// How long a session lasts at most.
pub const LIFETIME: u64 = 15 * MINUTE;
/// How often a page ticks while it uses something that runs.
pub const TICK_SECONDS: u32 = 15;

/// A session. Written once, when it is opened; what happens to it later is in records beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `ses_...`
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// Who owned the tenant when it was opened: the tenant may be gone when the session ends.
    #[serde(default)]
    pub company: String,
    /// SHA-256 of the key that opened it: revoking the key ends it.
    pub key_sha256: String,
    /// SHA-256 of the token's secret part.
    pub token_sha256: String,
    /// One of the tenant's channels.
    pub channel: String,
    /// What the tenant had when it was opened.
    pub capabilities: Vec<String>,
    /// The module of the link that it was opened by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// How the twin behaves in it, if not as it does elsewhere: the link's mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behavior: Option<String>,
    /// The origin it was opened from and works for; `None` when the tenant's server opened it.
    pub origin: Option<String>,
    /// When it was opened.
    pub created_at: Millis,
    /// When it ends by itself.
    pub expires_at: Millis,
}

/// Why and when a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// `page`, `missed_tick`, `revoked`, `expired`.
    pub reason: String,
    /// When that was noted.
    pub at: Millis,
    /// The log may not have been told yet.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub untold: bool,
}

/// A place in the list of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub id: String,
    pub at: Millis,
    /// Whose it is, so that who looks for one tenant's needn't read the others'. `None` where an earlier release wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

pub(crate) fn session(id: &str) -> Value<Session> {
    families::SESSION.value(&[id])
}

pub(crate) fn due(id: &str) -> Value<Millis> {
    families::SESSION_DUE.value(&[id])
}

pub(crate) fn ending(id: &str) -> Value<Ending> {
    families::SESSION_END.value(&[id])
}

pub(crate) fn ender(id: &str) -> Once {
    families::SESSION_ENDING.once(&[id])
}

pub(crate) fn all() -> Log<Listed> {
    families::SESSION_LIST.log(&[])
}

/// `tgs_<session>.<secret>`
#[must_use]
pub fn token(session: &str, secret: &str) -> String {
    format!("tgs_{session}.{secret}")
}

/// The parts of a token that looks like one: session and secret.
pub(crate) fn parse_token(token: &str) -> Option<(&str, &str)> {
    let (session, secret) = token.strip_prefix("tgs_")?.split_once('.')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let looks_right = (1..=64).contains(&session.len()) && session.bytes().all(plain) && secret.len() == 64;
    looks_right.then_some((session, secret))
}

impl Session {
    /// Whether the secret is this session's; in constant time.
    pub(crate) fn is_secret(&self, secret: &str) -> bool {
        bool::from(key_hash(secret).as_bytes().ct_eq(self.token_sha256.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_taken_apart() {
        let secret = "ab".repeat(32);
        let check = |text: &str, parts: Option<(&str, &str)>| assert_eq!(parse_token(text), parts, "{text}");
        check(&token("ses_1", &secret), Some(("ses_1", &secret)));
        check("tgs_ses_1", None);
        check("tgs_.x", None);
        check("tgs_ses_1.", None);
        check(&format!("tgs_ses/1.{secret}"), None);
        check(&format!("tgs_ses_1.{secret}0"), None);
        check(&format!("ses_1.{secret}"), None);
        check("", None);
    }
}
