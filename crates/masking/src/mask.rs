//! Masks a chat request in OpenAI's shape before it leaves for a vendor.
//!
//! Every string of the body is masked, at any depth, because each may reach the model: messages, names, parts, tool
//! calls and results, descriptions and schemas of tools, and members nobody has heard of yet. Left alone are only the
//! model's name, the names and ids that tie tool calls together, and pictures, sound and files.
//!
//! A string that is itself JSON (a tool call's arguments, often its result) is masked inside, so that an escape before
//! or within a value hides nothing and the JSON stays well-formed.

use std::borrow::Cow;

use crate::find::{find, replace};
use crate::json::{self, Part, Step};
use crate::kind::{Kind, Kinds};
use crate::placeholders::{Placeholders, TooManyValues};
use crate::restore::Restorer;

/// JSON in a string in JSON in a string...: deeper than this it is masked as plain text.
const MAX_NESTING: usize = 3;

/// Masks the request of one call; then turns into the [`Restorer`] for its answer.
#[derive(Debug, Clone)]
pub struct Masker {
    kinds: Kinds,
    placeholders: Placeholders,
}

impl Masker {
    pub fn new(kinds: Kinds) -> Self {
        Self { kinds, placeholders: Placeholders::default() }
    }

    /// The request with placeholders in place of personal data. What is no JSON comes back unchanged: no vendor reads
    /// it, and the adapter says what is wrong with it.
    ///
    /// May be called again with the same request, for another vendor: the placeholders are the same.
    ///
    /// # Errors
    /// [`TooManyValues`]: the request must not be sent.
    pub fn mask_chat(&mut self, request: &[u8]) -> Result<Vec<u8>, TooManyValues> {
        let Some(json) = str::from_utf8(request).ok().filter(|_| !self.kinds.is_empty()) else {
            return Ok(request.to_vec());
        };
        // All that looks like a placeholder must be known before the first one is given out.
        Pass { masker: self, purpose: Purpose::Reserve, failure: None }.body(json);
        let mut pass = Pass { masker: self, purpose: Purpose::Mask, failure: None };
        let masked = pass.body(json).map(Cow::into_owned);
        match pass.failure {
            Some(failure) => Err(failure),
            None => Ok(masked.map_or_else(|| request.to_vec(), String::into_bytes)),
        }
    }

    /// How many different values of a kind were masked: a number for the audit log, never the values.
    pub fn count(&self, kind: Kind) -> usize {
        self.placeholders.count(kind)
    }

    pub fn into_restorer(self) -> Restorer {
        Restorer::new(self.placeholders.into_values())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Keep the numbers of what looks like a placeholder already.
    Reserve,
    Mask,
}

/// How a number inside a text that is JSON is replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    /// As they are: the text is prose to the model, and comes back exactly.
    Bare,
    /// As strings: some vendors parse the arguments of a tool call.
    Quoted,
}

/// One walk over the request.
struct Pass<'m> {
    masker: &'m mut Masker,
    purpose: Purpose,
    failure: Option<TooManyValues>,
}

impl Pass<'_> {
    fn body<'a>(&mut self, body: &'a str) -> Option<Cow<'a, str>> {
        json::rewrite(body, |path, part, text| {
            if part != Part::Text || (self.purpose == Purpose::Mask && is_kept(path)) {
                return None;
            }
            let is_arguments = matches!(path.last(), Some(Step::Member(name)) if name == "arguments");
            let numbers = if is_arguments { Numbers::Quoted } else { Numbers::Bare };
            self.text(text, numbers, 0).map(|masked| json::encode(&masked))
        })
    }

    /// The masked text; `None` when it stays as it is.
    fn text(&mut self, text: &str, numbers: Numbers, nesting: usize) -> Option<String> {
        let may_be_json = nesting < MAX_NESTING && text.trim_start().starts_with(['{', '[']);
        let inside = may_be_json.then(|| self.json(text, numbers, nesting)).flatten();
        match inside {
            Some(Cow::Owned(masked)) => Some(masked),
            Some(Cow::Borrowed(_)) => None,
            None => self.plain(text),
        }
    }

    fn json<'a>(&mut self, text: &'a str, numbers: Numbers, nesting: usize) -> Option<Cow<'a, str>> {
        json::rewrite(text, |_, part, text| match part {
            Part::Name => self.plain(text).map(|masked| json::encode(&masked)),
            Part::Text => self.text(text, numbers, nesting.saturating_add(1)).map(|masked| json::encode(&masked)),
            Part::Number if numbers == Numbers::Quoted => self.plain(text).map(|masked| json::encode(&masked)),
            Part::Number => self.plain(text),
        })
    }

    fn plain(&mut self, text: &str) -> Option<String> {
        if self.purpose == Purpose::Reserve {
            self.masker.placeholders.reserve(text);
            return None;
        }
        let found = find(text, self.masker.kinds);
        let (placeholders, failure) = (&mut self.masker.placeholders, &mut self.failure);
        let masked = || {
            replace(text, &found, |kind, value| match placeholders.of(kind, value) {
                Ok(placeholder) => placeholder.to_owned(),
                Err(error) => {
                    *failure = Some(error);
                    String::new()
                }
            })
        };
        (!found.is_empty()).then(masked)
    }
}

/// Whether a string is left alone: names that must match others, and data that is no text.
fn is_kept(path: &[Step]) -> bool {
    let mut members = path.iter().filter_map(|step| match step {
        Step::Member(name) => Some(name.as_str()),
        Step::Element(_) => None,
    });
    let top = members.next();
    // The string's own name, and that of the object or list it is in.
    let (mut parent, mut own) = (None, top);
    for member in members {
        (parent, own) = (own, Some(member));
    }
    match (top, parent, own) {
        (Some("model"), None, _) => true,
        (Some("messages" | "tools" | "functions" | "tool_choice" | "function_call"), parent, Some(own)) => matches!(
            (parent.unwrap_or_default(), own),
            ("image_url", "url")
                | (_, "image_url" | "tool_call_id")
                | ("input_audio", "data")
                | ("file", "file_data" | "file_id")
                | ("tool_calls", "id")
                | ("function" | "functions" | "function_call", "name")
        ),
        _ => false,
    }
}
