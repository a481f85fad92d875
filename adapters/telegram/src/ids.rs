//! The vendor's ids, which are whole numbers: of chats also below zero and beyond 32 bits.

use adapter::prelude::*;

/// A number that is written as the gate itself writes it, so that one chat has one name.
pub fn parse(text: &str) -> Option<i64> {
    let id: i64 = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_has_one_name() {
        let rows = [
            ("1111111", Some(1_111_111)),
            ("-1001234567890", Some(-1_001_234_567_890)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("0", Some(0)),
            ("9223372036854775808", None),
            ("+1", None),
            ("01", None),
            ("-0", None),
            ("-", None),
            ("", None),
            (" 1", None),
            ("1.0", None),
            ("1e3", None),
            ("@channel", None),
            ("１", None),
        ];
        for (text, expected) in rows {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
