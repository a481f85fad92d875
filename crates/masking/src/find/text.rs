//! A text as the scanners see it: bytes by place, where words and numbers begin and end, and the words before a place.
//!
//! What the scanners look for is ASCII; every other byte is a boundary. So places found are always between characters.

#[derive(Debug, Clone, Copy)]
pub struct Text<'a>(&'a str);

/// How far back a cue word (`tel`, `ssn`) may stand.
const CUE_BYTES: usize = 32;

impl<'a> Text<'a> {
    pub const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The byte at a place; 0 outside the text.
    pub fn at(self, place: usize) -> u8 {
        self.0.as_bytes().get(place).copied().unwrap_or(0)
    }

    /// The byte `back` places before `place`; 0 outside the text.
    pub fn before(self, place: usize, back: usize) -> u8 {
        place.checked_sub(back).map_or(0, |place| self.at(place))
    }

    /// The byte `ahead` places after `place`; 0 outside the text.
    pub fn after(self, place: usize, ahead: usize) -> u8 {
        self.at(place.saturating_add(ahead))
    }

    pub fn slice(self, start: usize, end: usize) -> &'a str {
        self.0.get(start..end).unwrap_or_default()
    }

    /// The end of the word (letters, digits, `_`) that `start` is in.
    pub fn word_end(self, start: usize) -> usize {
        let rest = self.0.as_bytes().get(start..).unwrap_or_default();
        start.saturating_add(rest.iter().take_while(|byte| is_word(**byte)).count())
    }

    /// Whether a number may begin here: not inside a word, a decimal, a time, a sum of money or another number.
    pub fn starts_number(self, place: usize) -> bool {
        let continues = matches!(self.before(place, 1), b'.' | b'-' | b':') && self.before(place, 2).is_ascii_digit();
        let before = self.before(place, 1);
        let is_money = before == b'$' || self.0.get(..place).is_some_and(|head| head.ends_with(['€', '£', '¥']));
        !(is_word(before) || before == b'+' || before == b'@' || continues || is_money)
    }

    /// Whether a number may end here, by the same rules.
    pub fn ends_number(self, place: usize) -> bool {
        let next = self.at(place);
        let continues = matches!(next, b'.' | b'-' | b':') && self.after(place, 1).is_ascii_digit();
        !(is_word(next) || matches!(next, b'%' | b'@') || continues)
    }

    /// Whether blanks and then more digits follow: the number is one of a list, or goes on.
    pub fn is_followed_by_digits(self, place: usize) -> bool {
        let rest = self.0.get(place..).unwrap_or_default();
        rest.strip_prefix([' ', '-', '\u{A0}', '\u{202F}']).is_some_and(|rest| rest.starts_with(is_digit))
    }

    /// Whether digits and then blanks stand before.
    pub fn is_preceded_by_digits(self, place: usize) -> bool {
        let head = self.0.get(..place).unwrap_or_default();
        head.strip_suffix([' ', '-', '\u{A0}', '\u{202F}']).is_some_and(|head| head.ends_with(is_digit))
    }

    /// Whether one more group of two digits stands just before or after: the pairs are a list.
    pub fn has_pair_beside(self, start: usize, end: usize) -> bool {
        let is_digit = |byte: u8| byte.is_ascii_digit();
        let after = self.at(end) == b' ' && is_digit(self.after(end, 1)) && is_digit(self.after(end, 2));
        let before =
            self.before(start, 1) == b' ' && is_digit(self.before(start, 2)) && is_digit(self.before(start, 3));
        (after && !is_digit(self.after(end, 3))) || (before && !is_digit(self.before(start, 4)))
    }

    /// Whether a word close before the place satisfies `is_cue` (given in small letters); no digit stands between.
    pub fn has_cue(self, place: usize, is_cue: impl Fn(&str) -> bool) -> bool {
        let bytes = self.0.as_bytes().get(..place).unwrap_or_default();
        let near = bytes.iter().rev().take(CUE_BYTES).take_while(|byte| !byte.is_ascii_digit() && **byte != b'\n');
        let near: Vec<u8> = near.map(u8::to_ascii_lowercase).collect();
        // Backwards: a word that goes on beyond what is near is not known whole, so it is no cue.
        let goes_on = self.before(place, near.len().saturating_add(1)).is_ascii_alphabetic();
        let mut words: Vec<&[u8]> = near.split(|byte| !byte.is_ascii_alphabetic()).collect();
        if goes_on {
            words.pop();
        }
        words.into_iter().any(|word| {
            let word: String = word.iter().rev().copied().map(char::from).collect();
            is_cue(&word)
        })
    }
}

pub const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

const fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}
