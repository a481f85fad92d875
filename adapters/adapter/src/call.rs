//! The request an adapter plans, and the head of what comes back.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::Quantity;

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

/// What a signed token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants {
    /// A JSON object: all claims but `iss`, `nbf` and `exp`, which the proxy adds.
    pub claims: String,
    pub ttl_seconds: u32,
}

/// How a call proves whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// By the tenant's key, put where the profile says.
    Key,
    /// By a token that the key signs ([`crate::Credential::SignedToken`]).
    Grants(Grants),
    /// By a token that the vendor has given for this one session: `Authorization: Bearer`.
    Bearer(String),
}

/// The upstream request, complete but for the key, and the most it can cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub method: &'static str,
    /// Appended to the base URL; begins with `/`.
    pub path: String,
    pub headers: Vec<Header>,
    pub body: Vec<u8>,
    pub auth: Auth,
    /// The header by which the vendor knows a repeat of this call; the proxy fills it in.
    pub idempotency_header: Option<&'static str>,
    /// Names the price row; empty where the vendor has no models.
    pub model: String,
    pub answer: Answer,
    /// Media types of a good answer; an answer of another type is a vendor error.
    pub content_types: Vec<&'static str>,
    /// Upper bound of what the call can consume. Empty for calls that cost nothing.
    pub worst_case: Vec<Quantity>,
    /// The largest answer that is passed on, in bytes.
    pub max_answer_bytes: u64,
    /// How long the answer stays good, in seconds; 0 where it must not be kept.
    pub cache_seconds: u32,
}

/// The largest JSON answer that isn't a conversation's.
const SMALL_JSON_BYTES: u64 = 256 * 1024;

impl Call {
    /// A call without a body that is answered in JSON, and costs nothing until the planner says otherwise.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: "GET",
            path: path.into(),
            headers: vec![Header::new("accept", "application/json")],
            body: Vec::new(),
            auth: Auth::Key,
            idempotency_header: None,
            model: String::new(),
            answer: Answer::Json,
            content_types: vec!["application/json"],
            worst_case: Vec::new(),
            max_answer_bytes: SMALL_JSON_BYTES,
            cache_seconds: 0,
        }
    }

    /// The same with a JSON body.
    pub fn post_json(path: impl Into<String>, body: &serde_json::Value) -> Self {
        let mut call = Self::get(path);
        call.method = "POST";
        call.headers.push(Header::new("content-type", "application/json"));
        call.body = serde_json::to_vec(body).unwrap_or_default();
        call
    }

    /// A call whose answer is of no interest, such as the end of a live session.
    pub fn post_nothing(path: impl Into<String>) -> Self {
        let mut call = Self::get(path);
        call.method = "POST";
        (call.headers, call.answer, call.content_types) = (Vec::new(), Answer::Nothing, Vec::new());
        call
    }
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

    /// The vendor doesn't do this.
    pub fn unsupported(what: &str) -> Self {
        Self::Unsupported(what.to_owned())
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
