//! The link by which a person decides at a gate: `{run}.{step}.{round}.{expires}.{mac}`.
//!
//! The shell's vault makes the mac over [`Pending::purpose`] and checks it before anything else is looked at. A token is
//! bound to one run, one gate and one opening of it; that it is good for one decision only is the run's to know
//! ([`crate::standing`]).

use calendar::Millis;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::ids::{is_id, is_run_id};

/// An open gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Of which run.
    pub run: String,
    /// Which step.
    pub gate: String,
    /// What is decided.
    pub title: String,
    /// Which opening of the gate.
    pub round: u32,
    /// Until when.
    pub expires_at: Millis,
}

/// A token's parts. Says nothing until its mac is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Of which run.
    pub run: String,
    /// Which step.
    pub gate: String,
    /// Which opening of the gate.
    pub round: u32,
    /// Until when.
    pub expires_at: Millis,
    /// 64 hex digits.
    pub mac: String,
}

impl Pending {
    /// What the mac is made over.
    #[must_use]
    pub fn purpose(&self) -> String {
        purpose(&self.run, &self.gate, self.round, self.expires_at)
    }

    /// The token with its mac.
    #[must_use]
    pub fn token(&self, mac: &str) -> String {
        format!("{}.{}.{}.{}.{mac}", self.run, self.gate, self.round, self.expires_at.0)
    }

    /// The `gate` of a run's JSON, but for the link.
    #[must_use]
    pub fn show(&self) -> Json {
        json!({ "id": self.gate, "title": self.title, "expires_at": self.expires_at.to_string() })
    }
}

impl Approval {
    /// Takes a token apart. One text per token: no leading zeros, no capitals in the mac.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (run, gate, round, expires, mac) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let looks_right = parts.next().is_none()
            && is_run_id(run)
            && is_id(gate)
            && [round, expires].into_iter().all(is_plain_number)
            && mac.len() == 64
            && mac.bytes().all(is_hex);
        if !looks_right {
            return None;
        }
        Some(Self {
            run: run.into(),
            gate: gate.into(),
            round: round.parse().ok()?,
            expires_at: Millis(expires.parse().ok()?),
            mac: mac.into(),
        })
    }

    /// What the mac must be of.
    #[must_use]
    pub fn purpose(&self) -> String {
        purpose(&self.run, &self.gate, self.round, self.expires_at)
    }
}

fn purpose(run: &str, gate: &str, round: u32, expires_at: Millis) -> String {
    format!("approval/{run}/{gate}/{round}/{}", expires_at.0)
}

/// Digits as a number prints them.
fn is_plain_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0')) && !text.is_empty()
}
