//! Reads a server-sent event stream of chat chunks.

use serde_json::Value;

/// A streamed answer, taken apart.
#[derive(Debug, Default)]
pub struct Chunks {
    /// The JSON of each event before the end.
    pub events: Vec<Value>,
    /// Whether `[DONE]` came, as the last event.
    pub done: bool,
}

impl Chunks {
    #[track_caller]
    pub fn parse(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let mut chunks = Self::default();
        for data in text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim) {
            assert!(!chunks.done, "something follows [DONE]: {data}");
            match data {
                "[DONE]" => chunks.done = true,
                json => chunks.events.push(serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}: {json:?}"))),
            }
        }
        chunks
    }

    /// All text of the first choice.
    pub fn content(&self) -> String {
        self.events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect()
    }

    /// The final usage chunk's numbers.
    pub fn usage(&self) -> Option<&Value> {
        self.events.last().map(|event| &event["usage"]).filter(|usage| usage.is_object())
    }
}
