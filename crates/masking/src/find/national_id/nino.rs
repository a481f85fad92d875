//! United Kingdom: national insurance number, `AB 12 34 56 C`. No check digit.
//!
//! Two letters (not D, F, I, Q, U, V; the second not O), six digits, a letter from A to D; some pairs are not given out.
//! Source: HMRC National Insurance Manual NIM39110.

use super::compact;
use crate::find::text::Text;

pub fn at(text: Text<'_>, start: usize) -> Option<usize> {
    let (bytes, end) = compact(text, start, 9)?;
    let ([first, second], [digits @ .., suffix]) = bytes.split_first_chunk::<2>()? else {
        return None;
    };
    let is_letter = |byte: &u8| byte.is_ascii_uppercase() && !b"DFIQUV".contains(byte);
    let is_unused = [b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"].contains(&&[*first, *second]);
    let holds = is_letter(first)
        && is_letter(second)
        && *second != b'O'
        && !is_unused
        && digits.iter().all(u8::is_ascii_digit)
        && (b'A'..=b'D').contains(suffix);
    holds.then_some(end)
}
