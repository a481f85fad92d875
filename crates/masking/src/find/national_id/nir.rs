//! France: NIR (the number on the social insurance card), `1 85 05 78 006 084` and a key of two digits.
//!
//! Sex, year, month, department (`2A` and `2B` in Corsica), commune, order; together or with blanks.
//! Check: the key is 97 less the remainder by 97 of the thirteen digits, with 19 for `2A` and 18 for `2B`.
//! Source: INSEE, "Numéro d'inscription au répertoire (NIR)".

use super::{compact, number, values};
use crate::find::text::Text;

pub fn at(text: Text<'_>, start: usize) -> Option<usize> {
    if !matches!(text.at(start), b'1'..=b'4' | b'7' | b'8') {
        return None;
    }
    let (mut bytes, end) = compact(text, start, 15)?;
    let department = bytes.get_mut(5..7)?;
    match department {
        [b'2', b'A'] => department.copy_from_slice(b"19"),
        [b'2', b'B'] => department.copy_from_slice(b"18"),
        _ => {}
    }
    let digits = values(&bytes)?;
    let month = number(digits.get(3..5)?);
    let key = number(digits.get(13..)?);
    let remainder = number(digits.get(..13)?) % 97;
    // Months from 20 up are given to those whose month of birth is not known.
    let is_month = matches!(month, 1..=12 | 20..=42 | 50..=99);
    (is_month && remainder.saturating_add(key) == 97).then_some(end)
}
