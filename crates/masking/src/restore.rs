//! Puts the values back in place of their placeholders.

use std::collections::BTreeMap;

use crate::json::{self, Part, Step};
use crate::placeholders::{MAX_BYTES, candidate};

/// Restores the answer to one masked request. Only what was masked there is restored.
#[derive(Debug, Clone, Default)]
pub struct Restorer {
    /// By placeholder, in small letters.
    values: BTreeMap<String, String>,
}

/// What the text is that values are put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inside {
    Text,
    /// JSON, perhaps a piece of it: values are escaped as in a JSON string.
    Json,
}

/// What becomes of an end that may be the beginning of a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// More text may follow: hold it back.
    Open,
    Final,
}

impl Restorer {
    pub(crate) const fn new(values: BTreeMap<String, String>) -> Self {
        Self { values }
    }

    /// Nothing was masked: answers pass through untouched.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The text with its values.
    pub fn restore_text(&self, text: &str) -> String {
        self.restore(text, Inside::Text, End::Final).0
    }

    /// A whole `chat.completion` with its values: every string under `choices`, in `arguments` escaped for the JSON
    /// there. Other JSON (an error), and what is no JSON, stays as it is. Tokens under `logprobs` are pieces of
    /// placeholders and stay so.
    pub fn json(&self, body: &[u8]) -> Vec<u8> {
        let Some(text) = str::from_utf8(body).ok().filter(|_| !self.is_empty()) else {
            return body.to_vec();
        };
        let restored = json::rewrite(text, |path, part, text| {
            let is_answer = matches!(path.first(), Some(Step::Member(name)) if name == "choices");
            let is_arguments = matches!(path.last(), Some(Step::Member(name)) if name == "arguments");
            let inside = if is_arguments { Inside::Json } else { Inside::Text };
            if part != Part::Text || !is_answer || !text.contains('[') {
                return None;
            }
            let (restored, _) = self.restore(text, inside, End::Final);
            (restored != text).then(|| json::encode(&restored))
        });
        restored.map_or_else(|| body.to_vec(), |restored| restored.into_owned().into_bytes())
    }

    /// The text with its values, and the end that is held back.
    pub(crate) fn restore<'a>(&self, text: &'a str, inside: Inside, end: End) -> (String, &'a str) {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, _)) = rest.split_once('[') {
            out.push_str(before);
            rest = rest.get(before.len()..).unwrap_or_default();
            if let Some((placeholder, value)) = self.value_at(rest) {
                match inside {
                    Inside::Text => out.push_str(value),
                    Inside::Json => out.push_str(&json::escape(value)),
                }
                rest = rest.get(placeholder.len()..).unwrap_or_default();
            } else if end == End::Open && self.may_become_placeholder(rest) {
                return (out, rest);
            } else {
                out.push('[');
                rest = rest.get(1..).unwrap_or_default();
            }
        }
        out.push_str(rest);
        (out, "")
    }

    fn value_at<'a>(&self, rest: &'a str) -> Option<(&'a str, &str)> {
        let placeholder = candidate(rest)?;
        Some((placeholder, self.values.get(&placeholder.to_ascii_lowercase())?))
    }

    /// Whether one of our placeholders begins with this text.
    fn may_become_placeholder(&self, rest: &str) -> bool {
        if rest.len() >= MAX_BYTES {
            return false;
        }
        let begin = rest.to_ascii_lowercase();
        self.values.range(begin.clone()..).next().is_some_and(|(placeholder, _)| placeholder.starts_with(&begin))
    }
}
