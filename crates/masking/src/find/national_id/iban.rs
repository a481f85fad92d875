//! IBAN: country, two check digits and the account, together or with blanks: `GB82 WEST 1234 5698 7654 32`.
//!
//! The length is the country's; check: the number with the first four characters put last, and letters written as
//! 10 to 35, leaves 1 by 97. Source: ISO 13616-1, SWIFT IBAN Registry.

use super::compact;
use crate::checksum::mod_97;
use crate::find::text::Text;

pub fn at(text: Text<'_>, start: usize) -> Option<usize> {
    let country = [text.at(start), text.after(start, 1)].map(|byte| byte.to_ascii_uppercase());
    if !(text.after(start, 2).is_ascii_digit() && text.after(start, 3).is_ascii_digit()) {
        return None;
    }
    let (bytes, end) = compact(text, start, length(country)?)?;
    let (head, account) = bytes.split_first_chunk::<4>()?;
    let digits = account.iter().chain(head).flat_map(|byte| {
        let value = match byte {
            b'0'..=b'9' => byte.saturating_sub(b'0'),
            _ => byte.saturating_sub(b'A').saturating_add(10),
        };
        let tens = (value >= 10).then_some(value / 10);
        tens.into_iter().chain([value % 10])
    });
    (mod_97(digits) == 1).then_some(end)
}

fn length(country: [u8; 2]) -> Option<usize> {
    Some(match &country {
        b"NO" => 15,
        b"BE" => 16,
        b"DK" | b"FI" | b"FK" | b"FO" | b"GL" | b"NL" | b"SD" => 18,
        b"MK" | b"SI" => 19,
        b"AT" | b"BA" | b"EE" | b"KZ" | b"LT" | b"LU" | b"MN" | b"XK" => 20,
        b"CH" | b"HR" | b"LI" | b"LV" => 21,
        b"BG" | b"BH" | b"CR" | b"DE" | b"GB" | b"GE" | b"IE" | b"ME" | b"RS" | b"VA" => 22,
        b"AE" | b"GI" | b"IL" | b"IQ" | b"OM" | b"SO" | b"TL" => 23,
        b"AD" | b"CZ" | b"ES" | b"MD" | b"PK" | b"RO" | b"SA" | b"SE" | b"SK" | b"TN" | b"VG" => 24,
        b"LY" | b"PT" | b"ST" => 25,
        b"IS" | b"TR" => 26,
        b"BI" | b"DJ" | b"FR" | b"GR" | b"IT" | b"MC" | b"MR" | b"SM" => 27,
        b"AL" | b"AZ" | b"BY" | b"CY" | b"DO" | b"GT" | b"HU" | b"LB" | b"NI" | b"PL" | b"SV" => 28,
        b"BR" | b"EG" | b"PS" | b"QA" | b"UA" => 29,
        b"JO" | b"KW" | b"MU" | b"YE" => 30,
        b"MT" | b"SC" => 31,
        b"LC" => 32,
        b"RU" => 33,
        _ => return None,
    })
}
