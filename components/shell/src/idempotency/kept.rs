//! What is kept of an answer, so that it can be given again: all of it, or that it was given.

use problem::{Kind, Problem};
use serde::{Deserialize, Serialize};

use super::hex;
use crate::Reply;

/// The longest body that is kept; of a longer one only the fact is.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// The headers that belong to an answer rather than to the request at hand.
const HEADERS: [&str; 11] = [
    CONTENT_TYPE,
    LIMIT_CHECK_ID,
    "location",
    "retry-after",
    "x-ai-disclosure",
    "x-tollgate-decision-us",
    "x-tollgate-mode",
    "x-tollgate-model",
    "x-tollgate-provider",
    "x-tollgate-route",
    "x-tollgate-rung",
];
const CONTENT_TYPE: &str = "content-type";
const LIMIT_CHECK_ID: &str = "x-limit-check-id";

/// An answer without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    status: u16,
    /// Those of [`HEADERS`] that it had.
    headers: Vec<(String, String)>,
}

/// An answer as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// To be given again as it was.
    Answer(Head, Body),
    /// It was given, in part at least, and can't be given again.
    Fact {
        /// The permit it was charged to.
        limit_check_id: Option<String>,
    },
}

/// A body inside JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// UTF-8 as it is.
    Text(String),
    /// Anything else, in hex.
    Hex(String),
}

impl Head {
    /// A reply's status and headers.
    #[must_use]
    pub fn of(reply: &Reply) -> Self {
        let headers = HEADERS.iter().filter_map(|name| {
            let value = reply.0.headers().get(*name)?.to_str().ok()?;
            Some(((*name).to_owned(), value.to_owned()))
        });
        Self { status: reply.0.status().as_u16(), headers: headers.collect() }
    }

    /// With its whole body; where that is too long to keep, the fact.
    #[must_use]
    pub fn whole(self, body: &[u8]) -> Kept {
        if body.len() > MAX_BODY_BYTES {
            return self.fact();
        }
        let text = std::str::from_utf8(body).map(|text| Body::Text(text.to_owned()));
        Kept::Answer(self, text.unwrap_or_else(|_| Body::Hex(hex(body))))
    }

    /// That there was an answer.
    #[must_use]
    pub fn fact(self) -> Kept {
        Kept::Fact { limit_check_id: self.header(LIMIT_CHECK_ID).map(str::to_owned) }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

impl Kept {
    /// The answer once more; 409 `already_answered` where there is only the fact.
    pub fn reply(self) -> Result<Reply, Problem> {
        match self {
            Self::Answer(head, body) => {
                let media_type = head.header(CONTENT_TYPE).unwrap_or("application/json");
                let reply = Reply::bytes(head.status, media_type, body.bytes().ok_or_else(unreadable)?);
                Ok(HEADERS.into_iter().fold(reply, |reply, name| match head.header(name) {
                    Some(value) => reply.with(name, value),
                    None => reply,
                }))
            }
            Self::Fact { limit_check_id } => {
                let message = "This idempotency key was answered before, and the answer was not kept.";
                Err(Problem { limit_check_id, ..Problem::conflict("already_answered", message) })
            }
        }
    }
}

impl Body {
    fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.into_bytes()),
            Self::Hex(text) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                let (pairs, rest) = text.as_bytes().as_chunks::<2>();
                let bytes: Option<Vec<u8>> =
                    pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
                bytes.filter(|_| rest.is_empty())
            }
        }
    }
}

/// Sealed under another master key, or damaged: there is no saying what was answered.
pub(super) fn unreadable() -> Problem {
    Problem::new(Kind::Internal, "answer_unreadable", "The first answer to this idempotency key can't be read.")
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use http_body_util::BodyExt;

    use super::*;

    fn given(kept: &Kept) -> Result<(Head, Vec<u8>), Problem> {
        let stored = serde_json::to_string(kept).unwrap();
        let reply = serde_json::from_str::<Kept>(&stored).unwrap().reply()?;
        let head = Head::of(&reply);
        let body = block_on(reply.0.into_body().collect()).unwrap().to_bytes();
        Ok((head, body.to_vec()))
    }

    #[test]
    fn an_answer_is_given_again_byte_for_byte() {
        let check = |status: u16, media_type: &str, body: &[u8]| {
            let reply = Reply::bytes(status, media_type, body.to_vec())
                .with("x-limit-check-id", "lc_1")
                .with("x-tollgate-mode", "full")
                .with("x-request-id", "req_1");
            let (head, bytes) = given(&Head::of(&reply).whole(body)).unwrap();
            let headers = [(CONTENT_TYPE, media_type), (LIMIT_CHECK_ID, "lc_1"), ("x-tollgate-mode", "full")];
            assert_eq!((head.status, bytes.as_slice()), (status, body));
            assert_eq!(head.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
        };
        check(201, "application/json", b"{\"id\":\"vid_1\"}");
        check(200, "text/event-stream", "data: \u{1F600}\n\ndata: [DONE]\n\n".as_bytes());
        check(200, "audio/mpeg", &(0..=255).collect::<Vec<u8>>());
        check(200, "audio/mpeg", &vec![0xff; MAX_BODY_BYTES]);
        check(502, "application/json", b"");
    }

    #[test]
    fn of_an_answer_too_long_or_broken_off_there_is_only_the_fact() {
        let head = || Head::of(&Reply::empty(200).with("x-limit-check-id", "lc_1"));
        for kept in [head().whole(&vec![b'a'; MAX_BODY_BYTES + 1]), head().fact()] {
            let problem = given(&kept).unwrap_err();
            assert_eq!((problem.kind.status(), problem.code.as_str()), (409, "already_answered"));
            assert_eq!(problem.limit_check_id.as_deref(), Some("lc_1"));
        }
    }

    #[test]
    fn damaged_hex_is_no_body() {
        let check = |text: &str, bytes: Option<&[u8]>| {
            assert_eq!(Body::Hex(text.into()).bytes().as_deref(), bytes, "{text}");
        };
        check("00ff", Some(&[0, 255]));
        check("", Some(&[]));
        check("0", None);
        check("0g", None);
    }
}
