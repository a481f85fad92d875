//! The vendor's measure of a text.

/// The longest text of one message, in units of UTF-16, as the vendor counts.
pub const MAX_UNITS: usize = 4096;

/// The beginning of `text` that fits into one message. No character is cut in two.
pub fn fitting(text: &str) -> &str {
    let mut units: usize = 0;
    for (at, character) in text.char_indices() {
        units = units.saturating_add(character.len_utf16());
        if units > MAX_UNITS {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapter::prelude::*;

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
