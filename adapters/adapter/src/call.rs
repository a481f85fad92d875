//! A vendor's fixed facts, the request an adapter plans, and the head of what comes back.

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Capability, Quantity};

/// A vendor's fixed facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub vendor: &'static str,
    pub capabilities: &'static [Capability],
    /// The address a tenant's binding may leave out, without a trailing slash, such as `https://api.openai.com/v1`.
    pub base_url: &'static str,
    pub credential: Credential,
    pub signature: SignatureScheme,
    /// Models offered by name; the first is the default. Empty where the vendor has none.
    pub models: &'static [&'static str],
}

/// Where the proxy puts the vendor's key: header `name`, value `prefix` followed by the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential {
    pub name: &'static str,
    pub prefix: &'static str,
}

/// How the vendor signs its webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureScheme {
    /// The vendor signs nothing: the gate puts an unguessable token into the callback address.
    CallbackToken,
    /// HMAC over timestamp, id and body; see `X-Signature` in the HTTP contract.
    Generic,
    /// <https://www.standardwebhooks.com>
    StandardWebhooks,
    /// `ElevenLabs-Signature: t=..,v0=..`
    ElevenLabs,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub value: String,
}

impl Header {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// What arrives from the vendor and in which form the page gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Json,
    EventStream,
    Audio,
    Nothing,
}

/// The upstream request, complete but for the key, and the most it can cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub method: &'static str,
    /// Appended to the base URL; begins with `/`.
    pub path: String,
    pub headers: Vec<Header>,
    pub body: Vec<u8>,
    /// Names the price row; empty where the vendor has no models.
    pub model: String,
    pub answer: Answer,
    /// Media types of a good answer; an answer of another type is a vendor error.
    pub content_types: Vec<&'static str>,
    /// Upper bound of what the call can consume. Empty for calls that cost nothing.
    pub worst_case: Vec<Quantity>,
    /// The largest answer that is passed on, in bytes.
    pub max_answer_bytes: u64,
}

/// Why an operation can't be planned. Nothing was called or charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanError {
    /// The vendor doesn't do this. The caller picks another vendor or answers 400.
    Unsupported(String),
    /// The page's request (or, for `options.*`, the tenant's binding) is wrong: the field and what is expected of it.
    Invalid(Option<String>, String),
}

impl PlanError {
    /// The request's field `param` is wrong; `expected` says what it must be.
    pub fn invalid(param: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Invalid(Some(param.into()), expected.into())
    }
}

/// Head of the vendor's answer, names in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerHead {
    pub status: u16,
    pub headers: Vec<Header>,
}

impl AnswerHead {
    /// The value of header `name` (in lower case), trimmed; `None` when absent or sent twice with different values.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = None;
        for header in self.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)) {
            let value = header.value.trim();
            if found.is_some_and(|earlier| earlier != value) {
                return None;
            }
            found = Some(value);
        }
        found
    }
}

/// A live session that the vendor has opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoSession {
    /// The vendor's own id.
    pub vendor_id: String,
    /// Where the page joins, with whatever credential the vendor puts into it.
    pub join_url: String,
}
