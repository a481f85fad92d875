//! A chat request as far as the gate itself looks into it: its model and its messages. The rest goes on as it came.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

/// A message as the gate writes one.
#[derive(Serialize)]
struct Said<'a> {
    role: &'a str,
    content: &'a str,
}

/// The members of an OpenAI-shaped request.
#[derive(Debug, Clone)]
pub struct Request(BTreeMap<String, Box<RawValue>>);

impl Request {
    /// `None` where it is no object: the adapter says what is wrong with it.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().map(Self)
    }

    /// What the page asks for, if it is a text.
    pub fn model(&self) -> Option<String> {
        serde_json::from_str(self.0.get("model")?.get()).ok()
    }

    /// Whether the answer is to be streamed.
    pub fn streams(&self) -> bool {
        self.0.get("stream").is_some_and(|value| value.get() == "true")
    }

    /// With another model.
    pub fn with_model(&self, model: &str) -> Self {
        let mut changed = self.clone();
        changed.set("model", &model);
        changed
    }

    /// With one more system message, after those which stand at the beginning.
    pub fn with_system(&self, text: &str) -> Self {
        self.with_system_at(text, |messages| messages.iter().take_while(|message| is_system(message)).count())
    }

    fn with_system_at(&self, text: &str, place: impl Fn(&[Box<RawValue>]) -> usize) -> Self {
        let mut changed = self.clone();
        let Some(mut messages) = self.messages() else { return changed };
        let Ok(message) = serde_json::value::to_raw_value(&Said { role: "system", content: text }) else {
            return changed;
        };
        messages.insert(place(&messages), message);
        changed.set("messages", &messages);
        changed
    }

    /// With a system message before all others.
    pub fn with_first_system(&self, text: &str) -> Self {
        self.with_system_at(text, |_| 0)
    }

    fn messages(&self) -> Option<Vec<Box<RawValue>>> {
        serde_json::from_str(self.0.get("messages")?.get()).ok()
    }

    fn set(&mut self, name: &str, value: &impl Serialize) {
        if let Ok(value) = serde_json::value::to_raw_value(value) {
            self.0.insert(name.into(), value);
        }
    }

    /// The request as JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).unwrap_or_default()
    }
}

fn is_system(message: &RawValue) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        role: String,
    }
    serde_json::from_str::<Head>(message.get()).is_ok_and(|head| matches!(head.role.as_str(), "system" | "developer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_changes() {
        let check = |request: &str, change: fn(&Request) -> Request, expected: &str| {
            let changed = change(&Request::read(request.as_bytes()).unwrap());
            assert_eq!(String::from_utf8(changed.to_bytes()).unwrap(), expected);
        };
        let small = |request: &Request| request.with_model("small");
        check(r#"{"model":"large","n": 1.50}"#, small, r#"{"model":"small","n":1.50}"#);
        check(r#"{"messages":[{"b":1,"a":2}]}"#, small, r#"{"messages":[{"b":1,"a":2}],"model":"small"}"#);
        let news = |request: &Request| request.with_system("news");
        let added = r#"{"role":"system","content":"news"}"#;
        check(
            r#"{"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}]}"#,
            news,
            &format!(r#"{{"messages":[{{"role":"system","content":"a"}},{added},{{"role":"user","content":"b"}}]}}"#),
        );
        check(
            r#"{"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}]}"#,
            |request| request.with_first_system("news"),
            &format!(r#"{{"messages":[{added},{{"role":"system","content":"a"}},{{"role":"user","content":"b"}}]}}"#),
        );
        check(r#"{"messages":[]}"#, news, &format!(r#"{{"messages":[{added}]}}"#));
        check(r#"{"messages":7}"#, news, r#"{"messages":7}"#);
        assert!(Request::read(b"[1]").is_none() && Request::read(b"{").is_none());
    }

    #[test]
    fn what_the_page_asks_for() {
        let check = |request: &str, model: Option<&str>, streams: bool| {
            let request = Request::read(request.as_bytes()).unwrap();
            assert_eq!((request.model().as_deref(), request.streams()), (model, streams));
        };
        check(r#"{"model":"auto","stream":true}"#, Some("auto"), true);
        check(r#"{"model":7,"stream":false}"#, None, false);
        check("{}", None, false);
    }
}
