//! Spain: DNI, eight digits and a letter (`12345678Z`, `12.345.678-Z`); NIE, `X`, `Y` or `Z`, seven digits and a letter.
//!
//! Check: the letter is the one at the number's remainder by 23; in an NIE the first letter counts as 0, 1 or 2.
//! Source: Ministerio del Interior, "Cálculo del dígito de control del NIF/NIE".

use super::{number, values};
use crate::find::text::Text;

const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
/// `12.345.678-Z`
const LONGEST: usize = 12;

pub fn at(text: Text<'_>, start: usize) -> Option<usize> {
    let mut body = Vec::with_capacity(8);
    let mut place = start;
    while body.len() < 8 {
        let byte = text.at(place).to_ascii_uppercase();
        let is_between = match byte {
            b'.' => matches!(body.len(), 2 | 5),
            b'-' => body.len() == 1 && body.first().is_some_and(u8::is_ascii_uppercase),
            _ => false,
        };
        let is_part = byte.is_ascii_digit() || (body.is_empty() && matches!(byte, b'X' | b'Y' | b'Z'));
        if is_part {
            body.push(byte);
        } else if !is_between || place.saturating_sub(start) > LONGEST {
            return None;
        }
        place = place.saturating_add(1);
    }
    place = place.saturating_add(usize::from(text.at(place) == b'-'));
    let letter = text.at(place).to_ascii_uppercase();
    let end = place.saturating_add(1);
    (check_letter(&body)? == letter && text.ends_number(end)).then_some(end)
}

fn check_letter(body: &[u8]) -> Option<u8> {
    let digits: Vec<u8> = body
        .iter()
        .map(|byte| match byte {
            b'X' => b'0',
            b'Y' => b'1',
            b'Z' => b'2',
            other => *other,
        })
        .collect();
    let remainder = usize::try_from(number(&values(&digits)?) % 23).ok()?;
    LETTERS.get(remainder).copied()
}
