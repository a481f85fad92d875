//! One key family: the facts about it, and how its keys are built.

/// What a family's keys are, and so what may be done with them: never both set and incremented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Each key holds a value: JSON.
    Values,
    /// Each key is a counter; its encoding is the host's.
    Counters,
    /// A counter `<pattern>/tail` and values `<pattern>/<n>`, n from 1.
    Logs,
    /// Each key is a counter of which only "first to reach 1" matters.
    Onces,
}

impl Kind {
    /// One such thing.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Values => "value",
            Self::Counters => "counter",
            Self::Logs => "log",
            Self::Onces => "once",
        }
    }

    /// The store operations that its types offer.
    #[must_use]
    pub fn operations(self) -> &'static str {
        match self {
            Self::Values => "get, set, exists, delete",
            Self::Counters | Self::Onces => "increment, delete",
            Self::Logs => "tail: increment, exists, delete; entries: get, set, delete",
        }
    }
}

/// The facts about a key family. They are listed in [`crate::families`]; keys are made by its constants alone.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// Of its constant.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// With placeholders in braces, such as `permit/{id}`.
    pub pattern: &'static str,
    /// Allowed operations.
    pub kind: Kind,
    /// What a value, or a log's entry, is; the unit of a counter.
    pub encoding: &'static str,
    /// The one component that writes it.
    pub writer: &'static str,
    /// Who reads it besides the writer.
    pub readers: &'static str,
    /// How long it lives.
    pub lifetime: &'static str,
    /// Who removes it; `-` when nobody does.
    pub reaper: &'static str,
}

impl Family {
    /// Whether `key` is one of this family's, as [`crate::Value`] and the others make them.
    #[must_use]
    pub fn owns(&self, key: &str) -> bool {
        let key = match (self.kind, key.rsplit_once('/')) {
            (Kind::Logs, Some((log, slot))) if slot == "tail" || slot.parse::<u64>().is_ok() => log,
            (Kind::Logs, _) => return false,
            _ => key,
        };
        let (mut wanted, mut found) = (self.pattern.split('/'), key.split('/'));
        loop {
            match (wanted.next(), found.next()) {
                (None, None) => return true,
                (Some(pattern), Some(part)) if pattern == part || pattern.starts_with('{') => {}
                _ => return false,
            }
        }
    }
}

/// How many placeholders a pattern has. A malformed pattern doesn't compile.
pub(crate) const fn parts(pattern: &str) -> usize {
    let (mut bytes, mut count, mut inside, mut before) = (pattern.as_bytes(), 0_usize, false, b'/');
    assert!(!matches!(bytes, [b'{', ..]), "a pattern begins with a name of its own");
    while let [byte, rest @ ..] = bytes {
        match (*byte, inside) {
            (b'{', false) => {
                assert!(before == b'/', "a placeholder is a whole segment");
                count = count.saturating_add(1);
                inside = true;
            }
            (b'}', true) => {
                assert!(before != b'{', "a placeholder has a name");
                assert!(matches!(rest, [] | [b'/', ..]), "a placeholder is a whole segment");
                inside = false;
            }
            (b'/', false) => assert!(before != b'/', "a segment is not empty"),
            (b'a'..=b'z' | b'0'..=b'9', _) | (b'-', false) | (b'_', true) => {}
            _ => panic!("a pattern has a-z, 0-9 and - in its names, a-z, 0-9 and _ in its placeholders"),
        }
        before = *byte;
        bytes = rest;
    }
    assert!(!inside && before != b'/', "a pattern ends with a whole segment");
    count
}

/// A pattern taken apart when it is compiled: every call of the gate makes some fifty keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pattern<const N: usize> {
    /// What goes before each placeholder.
    heads: [&'static str; N],
    /// What goes after the last.
    end: &'static str,
    /// How long these are together.
    length: usize,
}

impl<const N: usize> Pattern<N> {
    /// Takes apart a pattern of `N` placeholders, as [`parts`] has counted them.
    #[allow(clippy::indexing_slicing, reason = "evaluated in constants: what would panic doesn't compile")]
    pub(crate) const fn of(pattern: &'static str) -> Self {
        let (mut heads, mut rest, mut length, mut n) = ([""; N], pattern, 0_usize, 0_usize);
        while n < N {
            let (head, placeholder) = rest.split_at(position(rest, b'{'));
            let (_, after) = placeholder.split_at(position(placeholder, b'}').saturating_add(1));
            length = length.saturating_add(head.len());
            heads[n] = head;
            rest = after;
            n = n.saturating_add(1);
        }
        Self { heads, end: rest, length: length.saturating_add(rest.len()) }
    }

    /// The key with its placeholders filled in order. Bytes outside `A-Za-z0-9._:-` are percent-encoded, so that no
    /// part can reach into another family.
    pub(crate) fn key(&self, parts: &[&str; N]) -> String {
        let length = parts.iter().fold(self.length, |sum, part| sum.saturating_add(part.len()));
        let mut key = String::with_capacity(length);
        for (head, part) in self.heads.iter().zip(parts) {
            key.push_str(head);
            push_escaped(&mut key, part);
        }
        key.push_str(self.end);
        key
    }
}

/// Where a byte is first found; the end, where it isn't.
const fn position(text: &str, byte: u8) -> usize {
    let (mut at, mut rest) = (0_usize, text.as_bytes());
    while let [first, behind @ ..] = rest {
        if *first == byte {
            return at;
        }
        at = at.saturating_add(1);
        rest = behind;
    }
    at
}

fn push_escaped(key: &mut String, part: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    // Nearly every part there is.
    if part.bytes().all(is_plain) {
        key.push_str(part);
        return;
    }
    let hex = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
    for byte in part.bytes() {
        if is_plain(byte) {
            key.push(char::from(byte));
        } else {
            key.push('%');
            key.push(hex(byte >> 4));
            key.push(hex(byte & 15));
        }
    }
}

/// One look into a table for each byte of each key.
fn is_plain(byte: u8) -> bool {
    const PLAIN: [bool; 256] = plain();
    PLAIN.get(usize::from(byte)).copied().unwrap_or(false)
}

#[allow(clippy::indexing_slicing, reason = "evaluated in constants: what would panic doesn't compile")]
const fn plain() -> [bool; 256] {
    let (mut table, mut byte) = ([false; 256], 0_u8);
    while byte < u8::MAX {
        table[byte as usize] = matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b':' | b'-');
        byte = byte.saturating_add(1);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{Pattern, parts};
    use crate::families;

    #[test]
    fn keys_are_built_from_patterns_and_parts_stay_in_their_segment() {
        let check = |parts: &[&str; 2], key: &str| assert_eq!(families::VENDOR.key(parts), key);
        check(&["demo", "openai"], "vendor/demo/openai");
        check(&["a/b", "x"], "vendor/a%2Fb/x");
        check(&["", "ü"], "vendor//%C3%BC");
        check(&["a{b}", "c}"], "vendor/a%7Bb%7D/c%7D");
        assert_eq!(families::EXPIRY_HEAD.key(&[]), "expiry-head");
        assert_eq!(families::UNITS.counter(&["a", "b", "c", "d"]).key(), "units/a/b/c/d");
        assert_eq!(Pattern::of("a/{b}/c/{d_e}").key(&["1", "2"]), "a/1/c/2");
        assert_eq!(Pattern::of("a/{b}/c").key(&["1"]), "a/1/c");
        assert_eq!(Pattern::of("a-b/c").key(&[]), "a-b/c");
    }

    #[test]
    fn every_byte_but_the_plain_ones_is_escaped() {
        for byte in 0..=127_u8 {
            let part = char::from(byte).to_string();
            let plain = byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
            let written = if plain { part.clone() } else { format!("%{byte:02X}") };
            assert_eq!(families::TENANT.key(&[&part]), format!("tenant/{written}"));
        }
    }

    #[test]
    fn patterns_are_counted_and_malformed_ones_refused() {
        let check = |pattern: &'static str, count: Option<usize>| {
            assert_eq!(std::panic::catch_unwind(|| parts(pattern)).ok(), count, "{pattern}");
        };
        check("a", Some(0));
        check("a-b/{c}", Some(1));
        check("a/{b}/c/{d_e}", Some(2));
        for malformed in [
            "", "{a}", "a/", "/a", "a//b", "a/{}", "a/{b", "a/b}", "a/x{b}", "a/{b}x", "a/{b}{c}", "A", "a b",
            "a/{{b}}",
        ] {
            check(malformed, None);
        }
    }
}
