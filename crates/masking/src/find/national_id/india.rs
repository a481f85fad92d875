//! India: Aadhaar, twelve digits, together or as `2341 2341 2346`; the first is 2 to 9.
//!
//! Check: Verhoeff. Source: UIDAI, "Aadhaar number: structure" (the last digit is the check digit).

use crate::checksum::verhoeff;
use crate::find::run::{Run, Separator};
use crate::find::text::Text;

pub fn at(text: Text<'_>, run: &Run) -> Option<usize> {
    let window = run.windows().find(|window| {
        // Four more digits would make it (part of) a card number whose check failed.
        let is_grouped = window.is_shape(&[4, 4, 4], &[Separator::Space, Separator::Hyphen])
            && window.is_uniform()
            && !text.is_followed_by_digits(window.end);
        let is_written = is_grouped || window.is_shape(&[12], &[]);
        let is_given_out = matches!(window.digits, [2..=9, ..]);
        is_written && is_given_out && verhoeff(window.digits) && text.ends_number(window.end)
    })?;
    Some(window.end)
}
