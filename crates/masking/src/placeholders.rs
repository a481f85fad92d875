//! Which value stands behind which placeholder: `[EMAIL_1]`.
//!
//! A placeholder is `[`, the kind in capitals, `_`, a number without leading zeros, `]`. Upper and lower case count as
//! the same when the answer is read, because models change case; without the brackets it is no placeholder, because
//! `email_1` is a name that programs and tools have.

use std::collections::{BTreeMap, BTreeSet};

use crate::kind::Kind;

/// The longest placeholder: `[NATIONAL_ID_999999]`.
pub const MAX_BYTES: usize = 20;
const MAX_NUMBER: u32 = 999_999;

/// The request has more values than there are placeholders for. It must not be sent; nothing was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {MAX_NUMBER} values of one kind to mask")]
pub struct TooManyValues;

#[derive(Debug, Clone, Default)]
pub struct Placeholders {
    by_value: BTreeMap<(Kind, String), String>,
    /// Placeholders that the request's own text has: never given out.
    taken: BTreeSet<(Kind, u32)>,
    last: BTreeMap<Kind, u32>,
}

impl Placeholders {
    /// Keeps the numbers of everything in the text that looks like a placeholder.
    pub fn reserve(&mut self, text: &str) {
        for (place, _) in text.match_indices('[') {
            let rest = text.get(place..).unwrap_or_default();
            self.taken.extend(candidate(rest).and_then(parse));
        }
    }

    /// The placeholder of a value: the same for the same text.
    pub fn of(&mut self, kind: Kind, value: &str) -> Result<&str, TooManyValues> {
        let key = (kind, value.to_owned());
        if !self.by_value.contains_key(&key) {
            let last = self.last.entry(kind).or_insert(0);
            let number = (last.saturating_add(1)..=MAX_NUMBER).find(|number| !self.taken.contains(&(kind, *number)));
            *last = number.ok_or(TooManyValues)?;
            self.by_value.insert(key.clone(), format!("[{}_{last}]", kind.name().to_ascii_uppercase()));
        }
        self.by_value.get(&key).map(String::as_str).ok_or(TooManyValues)
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.by_value.keys().filter(|(of, _)| *of == kind).count()
    }

    /// Values by their placeholder, in small letters.
    pub fn into_values(self) -> BTreeMap<String, String> {
        let entries = self.by_value.into_iter();
        entries.map(|((_, value), placeholder)| (placeholder.to_ascii_lowercase(), value)).collect()
    }
}

/// The text from `[` at its beginning to the next `]`, when that is near enough for a placeholder.
pub fn candidate(rest: &str) -> Option<&str> {
    let length = rest.bytes().take(MAX_BYTES).position(|byte| byte == b']')?;
    rest.get(..=length)
}

fn parse(candidate: &str) -> Option<(Kind, u32)> {
    let inside = candidate.strip_prefix('[')?.strip_suffix(']')?.to_ascii_lowercase();
    let (name, number) = inside.rsplit_once('_')?;
    Some((name.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn numbers_that_the_text_has_are_left_out() {
        let mut placeholders = Placeholders::default();
        placeholders.reserve("[EMAIL_1] [email_3][[Email_04] [PHONE_1 [EMAIL_x] [EMAIL_] [é] [");
        let mut given = |value| placeholders.of(Kind::Email, value).unwrap().to_owned();
        assert_eq!([given("a"), given("b"), given("a")], ["[EMAIL_2]", "[EMAIL_5]", "[EMAIL_2]"]);
        assert_eq!(placeholders.of(Kind::Phone, "a").unwrap(), "[PHONE_1]");
        assert_eq!((placeholders.count(Kind::Email), placeholders.count(Kind::Card)), (2, 0));
    }

    #[test]
    fn the_numbers_end() {
        let mut placeholders = Placeholders::default();
        placeholders.last.insert(Kind::NationalId, MAX_NUMBER - 1);
        assert_eq!(placeholders.of(Kind::NationalId, "a").unwrap().len(), MAX_BYTES);
        assert_eq!(placeholders.of(Kind::NationalId, "b"), Err(TooManyValues));
        assert_eq!(placeholders.of(Kind::NationalId, "a").unwrap().len(), MAX_BYTES);
    }
}
