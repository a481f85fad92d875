//! The vendor's measure of a text.

use alloc::borrow::Cow;

use adapter::prelude::*;

/// The longest text of one message, in units of UTF-16, as the vendor counts.
pub const MAX_UNITS: usize = 4096;
/// Ends what was cut.
const CUT: char = '…';

/// The beginning of `text` that fits into one message. No character is cut in two.
pub fn fitting(text: &str) -> &str {
    beginning(text, MAX_UNITS)
}

/// The same of what is said: who reads it sees where it was cut.
pub fn shortened(text: &str) -> Cow<'_, str> {
    if fitting(text).len() == text.len() {
        return Cow::Borrowed(text);
    }
    let left = MAX_UNITS.saturating_sub(CUT.len_utf16());
    Cow::Owned(format!("{}{CUT}", beginning(text, left)))
}

fn beginning(text: &str, most: usize) -> &str {
    let mut units: usize = 0;
    for (at, character) in text.char_indices() {
        units = units.saturating_add(character.len_utf16());
        if units > most {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_shows_it() {
        // (what is repeated, how often, how often it is left)
        let rows = [("a", 4097, 4095), ("é", 5000, 4095), ("\u{1F600}", 2049, 2047)];
        for (character, times, left) in rows {
            let expected = format!("{}…", character.repeat(left));
            assert_eq!(shortened(&character.repeat(times)), expected, "{character} {times}");
            assert_eq!(fitting(&expected), expected, "it fits");
        }
        for whole in [String::new(), "a".repeat(4096), "\u{1F600}".repeat(2048), "a…".into()] {
            assert_eq!(shortened(&whole), whole);
        }
    }

    #[test]
    fn no_character_is_cut_in_two() {
        // (what is repeated, how often, how often it is left)
        let rows = [("a", 4096, 4096), ("a", 4097, 4096), ("é", 5000, 4096), ("\u{1F600}", 2048, 2048)];
        for (character, times, left) in rows {
            assert_eq!(fitting(&character.repeat(times)), character.repeat(left), "{character} {times}");
        }
        let odd = format!("a{}", "\u{1F600}".repeat(2048));
        assert_eq!(fitting(&odd), format!("a{}", "\u{1F600}".repeat(2047)), "half a face doesn't fit");
        assert_eq!(fitting(""), "");
    }
}
