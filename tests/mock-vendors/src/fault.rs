//! Faults: what goes wrong with the next calls, set over `/control` or by a magic word in the text itself.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// What goes wrong with a call. Everything may be combined.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// Answer with this error in the vendor's own shape.
    pub status: Option<u16>,
    /// Seconds, sent along with `status`.
    pub retry_after: Option<u64>,
    /// Wait before the head of the answer.
    pub delay_ms: Option<u64>,
    /// Break the connection after so many bytes of the body.
    pub cut_after_bytes: Option<u64>,
    /// Put noise in the middle of the body.
    pub garble: bool,
    /// Name this media type instead.
    pub content_type: Option<String>,
    /// Never come to the end of the body.
    pub endless: bool,
    /// Never answer.
    pub hang: bool,
    /// Wait before each piece of the body.
    pub drip_ms: Option<u64>,
    /// An error event in the middle of a stream.
    pub error_event: bool,
    /// Leave out the final usage (`usage`, `character-cost`).
    pub no_usage: bool,
    /// Only calls whose path contains this.
    pub path: Option<String>,
    /// Only the next so many calls; without it, until another fault is set.
    pub times: Option<u32>,
}

/// At most one fault per vendor.
#[derive(Debug, Default)]
pub struct Faults(HashMap<String, Fault>);

impl Faults {
    pub fn set(&mut self, vendor: &str, fault: Option<Fault>) {
        match fault {
            Some(fault) => self.0.insert(vendor.to_owned(), fault),
            None => self.0.remove(vendor),
        };
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for this call, counted down.
    pub fn take(&mut self, vendor: &str, path: &str) -> Option<Fault> {
        let fault = self.0.get_mut(vendor)?;
        if fault.path.as_deref().is_some_and(|part| !path.contains(part)) {
            return None;
        }
        let taken = fault.clone();
        if let Some(times) = fault.times.as_mut() {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.0.remove(vendor);
            }
        }
        (taken.times != Some(0)).then_some(taken)
    }
}

/// The fault that magic words in `text` ask for, so that concurrent tests don't disturb each other:
/// `[[fault:429]]` (any status), `[[fault:cut]]`, `[[fault:garble]]`, `[[fault:html]]`, `[[fault:endless]]`,
/// `[[fault:hang]]`, `[[fault:error]]`, `[[no-usage]]`, `[[slow]]`, `[[delay:250]]`.
pub fn by_magic_words(text: &str) -> Option<Fault> {
    let mut fault = Fault::default();
    for word in words(text) {
        match word.split_once(':').unwrap_or((word, "")) {
            ("fault", "cut") => fault.cut_after_bytes = Some(300),
            ("fault", "garble") => fault.garble = true,
            ("fault", "html") => fault.content_type = Some("text/html".to_owned()),
            ("fault", "endless") => fault.endless = true,
            ("fault", "hang") => fault.hang = true,
            ("fault", "error") => fault.error_event = true,
            ("fault", status) => fault.status = status.parse().ok(),
            ("no-usage", _) => fault.no_usage = true,
            ("slow", _) => fault.drip_ms = Some(100),
            ("delay", millis) => fault.delay_ms = millis.parse().ok(),
            _ => {}
        }
    }
    (fault != Fault::default()).then_some(fault)
}

/// What stands between `[[` and `]]` in `text`.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split("[[").skip(1).filter_map(|rest| rest.split_once("]]").map(|(word, _)| word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_words() {
        let rows = [
            ("hello", None),
            ("[[unknown]] [[", None),
            ("a [[fault:503]]", Some(Fault { status: Some(503), ..Fault::default() })),
            (
                "[[slow]][[fault:cut]]",
                Some(Fault { drip_ms: Some(100), cut_after_bytes: Some(300), ..Fault::default() }),
            ),
            ("[[delay:250]]", Some(Fault { delay_ms: Some(250), ..Fault::default() })),
        ];
        for (text, expected) in rows {
            assert_eq!(by_magic_words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_fault_counts_down_and_minds_its_path() {
        let mut faults = Faults::default();
        faults.set("x", Some(Fault { times: Some(2), path: Some("/end".into()), ..Fault::default() }));
        let seen: Vec<bool> = ["/end", "/start", "/end", "/end"].map(|path| faults.take("x", path).is_some()).into();
        assert_eq!(seen, [true, false, true, false]);
    }
}
