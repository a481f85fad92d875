//! Reads a stream of server-sent events as it comes, and makes a message of each.

use serde_json::{Map, Value};

/// Largest event. Ours have a fraction of it.
const MAX_EVENT: usize = 256 * 1024;

/// A stream that can't be read on: an event without an end, or bytes that are no text.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable;

/// See the module's description.
#[derive(Default)]
pub struct Events {
    /// What has come of a line.
    line: Vec<u8>,
    data: String,
    /// The last id that was told, which stays until the next one.
    id: String,
}

impl Events {
    /// Takes the next bytes. Gives the messages of the events that end in them.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Vec<String>, Unreadable> {
        let mut messages = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                if self.line.len() + self.data.len() > MAX_EVENT {
                    return Err(Unreadable);
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = str::from_utf8(&line).map_err(|_| Unreadable)?;
            messages.extend(self.end_of_line(line.strip_suffix('\r').unwrap_or(line)));
        }
        Ok(messages)
    }

    fn end_of_line(&mut self, line: &str) -> Option<String> {
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return (!data.is_empty()).then(|| message(&data, &self.id));
        }
        // A comment has an empty name.
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => self.id = value.to_owned(),
            "data" if self.data.is_empty() => self.data = value.to_owned(),
            "data" => self.data.extend(["\n", value]),
            _ => {}
        }
        None
    }
}

/// The event with its place first. What is no object becomes one.
fn message(data: &str, id: &str) -> String {
    let cursor = id.parse::<u64>().map_or_else(|_| Value::from(id), Value::from);
    let mut message = Map::from_iter([("cursor".to_owned(), cursor)]);
    match serde_json::from_str(data) {
        Ok(Value::Object(event)) => message.extend(event.into_iter().filter(|(name, _)| name != "cursor")),
        Ok(other) => drop(message.insert("data".into(), other)),
        Err(_) => drop(message.insert("data".into(), data.into())),
    }
    Value::Object(message).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twn_3_each_event_is_a_message_however_the_stream_is_cut() {
        let stream = "retry: 2000\n\n: still here\nid: 3\n\nid: 4\nevent: a\ndata: {\"id\":\"e\",\"data\":{\"x\":\"ü\"}}\n\n\
                      data: [1,\ndata: 2]\r\n\r\nid: x-5\ndata:plain\n\nid: 6\ndata: {\"cursor\":9}\n\ndata: {\"half\":1}";
        let expected = [
            r#"{"cursor":4,"id":"e","data":{"x":"ü"}}"#,
            r#"{"cursor":4,"data":[1,2]}"#,
            r#"{"cursor":"x-5","data":"plain"}"#,
            r#"{"cursor":6}"#,
        ];
        for size in 1..=stream.len() {
            let mut events = Events::default();
            let messages = stream.as_bytes().chunks(size).flat_map(|bytes| events.take(bytes).unwrap());
            assert_eq!(messages.collect::<Vec<_>>(), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn twn_3_a_stream_that_is_none_has_an_end() {
        let mut events = Events::default();
        let endless = vec![b'x'; MAX_EVENT];
        assert_eq!(events.take(b"data: ").and_then(|_| events.take(&endless)), Err(Unreadable));
        let mut events = Events::default();
        let line = format!("data: {}\n", "x".repeat(1000));
        assert!((0..300).any(|_| events.take(line.as_bytes()).is_err()), "many lines without an end");
        assert_eq!(Events::default().take(b"data: \xff\n"), Err(Unreadable));
    }
}
