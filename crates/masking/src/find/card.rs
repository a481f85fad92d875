//! Payment cards: 13 to 19 digits whose first digits and length are those of an issuer, and whose Luhn check holds.
//!
//! Digits stand together or in groups of three and more with one blank or hyphen between (the last group may be
//! shorter). The issuer ranges (ISO/IEC 7812) keep out timestamps, IMEIs and article numbers, of which each tenth
//! has a valid Luhn sum by chance. Longest first, so a number of 19 digits is not taken for one of 16.

use super::run::{Run, Separator, Window};
use super::text::Text;
use crate::checksum::luhn;

pub fn at(text: Text<'_>, run: &Run) -> Option<usize> {
    if !text.starts_number(run.start) {
        return None;
    }
    run.windows().find(|window| is_card(window) && text.ends_number(window.end)).map(|window| window.end)
}

fn is_card(window: &Window<'_>) -> bool {
    let last = window.groups.len().saturating_sub(1);
    window.is_separated_by(&[Separator::Space, Separator::Hyphen])
        && window.groups.iter().take(last).all(|group| group.length >= 3)
        && is_issued(window.digits)
        && luhn(window.digits)
}

/// The ranges of the issuers, with the lengths they use.
fn is_issued(digits: &[u8]) -> bool {
    let prefix =
        digits.iter().take(4).fold(0_u32, |value, digit| value.saturating_mul(10).saturating_add((*digit).into()));
    let length = digits.len();
    match prefix {
        // Visa
        4000..=4999 => matches!(length, 13 | 16 | 18 | 19),
        // Mastercard
        5100..=5599 | 2221..=2720 => length == 16,
        // American Express
        3400..=3499 | 3700..=3799 => length == 15,
        // Diners Club
        3000..=3099 | 3600..=3699 | 3800..=3999 => (14..=19).contains(&length),
        // JCB
        3528..=3589 => (16..=19).contains(&length),
        // Mir
        2200..=2204 => (16..=19).contains(&length),
        // Maestro, Discover, UnionPay, RuPay, Elo
        5000..=5099 | 5600..=6999 => (13..=19).contains(&length),
        // RuPay, UnionPay
        8100..=8299 => (16..=19).contains(&length),
        // Troy
        9792 => length == 16,
        _ => false,
    }
}
