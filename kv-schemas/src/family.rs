//! One key family: the facts about it, and how its keys are built.

use crate::{Counter, Log, Once, Value};

/// What may be done with a family's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `get`, `set`, `delete`, `exists`; JSON.
    Value,
    /// `increment` and, after its lifetime, `delete`; encoding is the host's.
    Counter,
    /// A counter `<pattern>/tail` and values `<pattern>/<n>`, n from 1.
    Log,
    /// A counter of which only "first to reach 1" matters.
    Once,
}

/// A key family. The constants are in [`crate::families`].
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// With placeholders in braces, such as `permit/{id}`.
    pub pattern: &'static str,
    /// Allowed operations.
    pub kind: Kind,
    /// The one component that writes it.
    pub writer: &'static str,
    /// Who reads it besides the writer.
    pub readers: &'static str,
    /// How long it lives, and who removes it.
    pub lifetime: &'static str,
}

impl Family {
    /// The key with its placeholders filled in order. Bytes outside `A-Za-z0-9._:-` are percent-encoded, so that no
    /// part can reach into another family.
    #[must_use]
    pub fn key(&self, parts: &[&str]) -> String {
        let mut key = String::with_capacity(self.pattern.len().saturating_add(32));
        let mut parts = parts.iter();
        for segment in self.pattern.split('/') {
            if !key.is_empty() {
                key.push('/');
            }
            if segment.starts_with('{') {
                push_escaped(&mut key, parts.next().unwrap_or(&""));
            } else {
                key.push_str(segment);
            }
        }
        debug_assert!(parts.next().is_none(), "too many parts for {}", self.pattern);
        key
    }

    /// A value of this family.
    #[must_use]
    pub fn value<T>(&self, parts: &[&str]) -> Value<T> {
        debug_assert!(self.kind == Kind::Value, "{} is not a value", self.pattern);
        Value::new(self.key(parts))
    }

    /// A counter of this family.
    #[must_use]
    pub fn counter(&self, parts: &[&str]) -> Counter {
        debug_assert!(self.kind == Kind::Counter, "{} is not a counter", self.pattern);
        Counter::new(self.key(parts))
    }

    /// A numbered log of this family.
    #[must_use]
    pub fn log<T>(&self, parts: &[&str]) -> Log<T> {
        debug_assert!(self.kind == Kind::Log, "{} is not a log", self.pattern);
        Log::new(self.key(parts))
    }

    /// A once-token of this family.
    #[must_use]
    pub fn once(&self, parts: &[&str]) -> Once {
        debug_assert!(self.kind == Kind::Once, "{} is not a once-token", self.pattern);
        Once::new(self.key(parts))
    }
}

fn push_escaped(key: &mut String, part: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let hex = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"._:-".contains(&byte) {
            key.push(char::from(byte));
        } else {
            key.push('%');
            key.push(hex(byte >> 4));
            key.push(hex(byte & 15));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::families;

    #[test]
    fn keys_are_built_from_patterns_and_parts_stay_in_their_segment() {
        let check = |parts: &[&str], key: &str| assert_eq!(families::VENDOR.key(parts), key);
        check(&["demo", "openai"], "vendor/demo/openai");
        check(&["a/b", "x"], "vendor/a%2Fb/x");
        check(&["", "ü"], "vendor//%C3%BC");
    }

    #[test]
    fn no_two_families_share_a_prefix() {
        let heads: Vec<_> = families::ALL.iter().map(|f| f.pattern.split('{').next()).collect();
        for (i, a) in heads.iter().enumerate() {
            for b in heads.iter().skip(i + 1) {
                assert_ne!(a, b);
            }
        }
    }
}
