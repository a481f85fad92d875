//! Italy: codice fiscale, `RSSMRA85T10A562S`.
//!
//! Six letters, two digits, a letter for the month, two digits, a letter and three digits, the check letter. For two
//! people with the same code, digits are replaced by `LMNPQRSTUV`. Check: each character has a value, which differs
//! for odd and even places; the sum's remainder by 26 is the letter. Source: Decreto ministeriale 23/12/1976, art. 10-12.

use super::compact;
use crate::find::text::Text;

/// Values at odd places (the first, the third...) of 0 to 9 and A to J, then of K to Z.
const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
const ODD_FROM_K: [u32; 16] = [2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
const MONTHS: &[u8] = b"ABCDEHLMPRST";
const IN_PLACE_OF_DIGITS: &[u8] = b"LMNPQRSTUV";

pub fn at(text: Text<'_>, start: usize) -> Option<usize> {
    let (code, end) = compact(text, start, 16)?;
    let (check, body) = code.split_last()?;
    let is_digit = |byte: &u8| byte.is_ascii_digit() || IN_PLACE_OF_DIGITS.contains(byte);
    let is_shape = body.iter().enumerate().all(|(place, byte)| match place {
        8 => MONTHS.contains(byte),
        0..=5 | 11 => byte.is_ascii_uppercase(),
        _ => is_digit(byte),
    });
    let total = body.iter().enumerate().fold(0_u32, |total, (place, byte)| total.saturating_add(value(place, *byte)));
    (is_shape && total % 26 == u32::from(check.wrapping_sub(b'A'))).then_some(end)
}

fn value(place: usize, byte: u8) -> u32 {
    let rank = match byte {
        b'0'..=b'9' => byte.saturating_sub(b'0'),
        _ => byte.saturating_sub(b'A'),
    };
    if place % 2 == 1 {
        return u32::from(rank);
    }
    let rank = usize::from(rank);
    ODD.iter().chain(&ODD_FROM_K).nth(rank).copied().unwrap_or(0)
}
