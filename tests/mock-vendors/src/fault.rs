//! Faults: what goes wrong with the next calls, set over `/control` or by a magic word in the text itself.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// What goes wrong with a call. Everything may be combined.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// Answer with this error in the vendor's own shape.
    pub status: Option<u16>,
    /// Do the work all the same, and only then answer `status`: what was made stays made.
    pub late: bool,
    /// Answer 200, but with the body that the vendor has for this status.
    pub refuse: Option<u16>,
    /// Answer 302 and point there.
    pub redirect: Option<String>,
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
    /// Leave out the final usage (`usage`, `usageMetadata`, `character-cost`).
    pub no_usage: bool,
    /// Only calls with this key.
    pub key: Option<String>,
    /// Only calls whose path contains this.
    pub path: Option<String>,
    /// Only the next so many calls; without it, until another fault is set.
    pub times: Option<u32>,
}

/// At most one fault per vendor and key; one for a key goes before one for all.
#[derive(Debug, Default)]
pub struct Faults(HashMap<(String, Option<String>), Fault>);

impl Faults {
    /// Without a fault, the vendor is well again for all.
    pub fn set(&mut self, vendor: &str, fault: Option<Fault>) {
        match fault {
            Some(fault) => drop(self.0.insert((vendor.to_owned(), fault.key.clone()), fault)),
            None => self.0.retain(|(name, _), _| name != vendor),
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for this call, counted down.
    pub fn take(&mut self, vendor: &str, key: &str, path: &str) -> Option<Fault> {
        let places = [(vendor.to_owned(), Some(key.to_owned())), (vendor.to_owned(), None)];
        places.iter().find_map(|place| self.take_at(place, path))
    }

    fn take_at(&mut self, place: &(String, Option<String>), path: &str) -> Option<Fault> {
        let fault = self.0.get_mut(place)?;
        if fault.path.as_deref().is_some_and(|part| !path.contains(part)) {
            return None;
        }
        let taken = fault.clone();
        if let Some(times) = fault.times.as_mut() {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.0.remove(place);
            }
        }
        (taken.times != Some(0)).then_some(taken)
    }
}

/// The fault that magic words in `text` ask for, so that concurrent tests don't disturb each other:
/// `[[fault:429]]` (any status), `[[late:500]]`, `[[refuse:402]]`, `[[redirect:http://host/]]`, `[[fault:cut]]`,
/// `[[cut:1234]]` (bytes), `[[fault:lost]]` (nothing of the answer arrives), `[[retry-after:2]]`, `[[fault:garble]]`,
/// `[[fault:html]]`, `[[fault:endless]]`, `[[fault:hang]]`, `[[fault:error]]`, `[[no-usage]]`, `[[slow]]`,
/// `[[delay:250]]`.
pub fn by_magic_words(text: &str) -> Option<Fault> {
    let mut fault = Fault::default();
    for word in words(text) {
        match word.split_once(':').unwrap_or((word, "")) {
            ("fault", "cut") => fault.cut_after_bytes = Some(300),
            ("fault", "lost") => fault.cut_after_bytes = Some(0),
            ("fault", "garble") => fault.garble = true,
            ("fault", "html") => fault.content_type = Some("text/html".to_owned()),
            ("fault", "endless") => fault.endless = true,
            ("fault", "hang") => fault.hang = true,
            ("fault", "error") => fault.error_event = true,
            ("fault", status) => fault.status = status.parse().ok(),
            ("late", status) => (fault.late, fault.status) = (true, status.parse().ok()),
            ("refuse", status) => fault.refuse = status.parse().ok(),
            ("redirect", to) => fault.redirect = Some(to.to_owned()),
            ("cut", bytes) => fault.cut_after_bytes = bytes.parse().ok(),
            ("retry-after", seconds) => fault.retry_after = seconds.parse().ok(),
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
            ("[[cut:9]]", Some(Fault { cut_after_bytes: Some(9), ..Fault::default() })),
            ("[[late:500]]", Some(Fault { late: true, status: Some(500), ..Fault::default() })),
            ("[[redirect:http://x:1/]]", Some(Fault { redirect: Some("http://x:1/".into()), ..Fault::default() })),
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
        let seen: Vec<bool> =
            ["/end", "/start", "/end", "/end"].map(|path| faults.take("x", "k", path).is_some()).into();
        assert_eq!(seen, [true, false, true, false]);
    }

    #[test]
    fn a_fault_for_one_key_leaves_the_others_alone() {
        let mut faults = Faults::default();
        faults.set("x", Some(Fault { status: Some(500), key: Some("k".into()), ..Fault::default() }));
        assert_eq!(faults.take("x", "other", "/"), None);
        assert_eq!(faults.take("x", "k", "/").and_then(|fault| fault.status), Some(500));
        faults.set("x", None);
        assert_eq!(faults.take("x", "k", "/"), None);
    }
}
