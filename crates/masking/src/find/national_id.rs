//! Identity numbers of some states, and IBANs. One file for each; all but the American and British have check digits.

mod codice_fiscale;
mod dni;
mod iban;
mod india;
mod netherlands;
mod nino;
mod nir;
mod ssn;
mod steuer_id;

use super::run::Run;
use super::text::Text;

/// The end of the identity number that starts here. `run` is there when a digit is.
pub fn at(text: Text<'_>, start: usize, run: Option<&Run>) -> Option<usize> {
    let iban = || iban::at(text, start);
    let of_run = |run: &Run| {
        if !text.starts_number(start) {
            return None;
        }
        let plain = [ssn::at, steuer_id::at, netherlands::at, india::at];
        plain.iter().find_map(|at| at(text, run)).or_else(|| nir::at(text, start)).or_else(|| dni::at(text, start))
    };
    match run {
        Some(run) => of_run(run),
        None => [codice_fiscale::at, nino::at, dni::at].iter().find_map(|at| at(text, start)).or_else(iban),
    }
}

/// Exactly `length` letters and digits, in capitals, with at most one blank between two; and where they end.
fn compact(text: Text<'_>, start: usize, length: usize) -> Option<(Vec<u8>, usize)> {
    let mut read = Vec::with_capacity(length);
    let mut place = start;
    while read.len() < length {
        if text.at(place) == b' ' && !read.is_empty() {
            place = place.saturating_add(1);
        }
        let byte = text.at(place);
        if !byte.is_ascii_alphanumeric() {
            return None;
        }
        read.push(byte.to_ascii_uppercase());
        place = place.saturating_add(1);
    }
    text.ends_number(place).then_some((read, place))
}

/// The values of ASCII digits; `None` when one is something else.
fn values(bytes: &[u8]) -> Option<Vec<u8>> {
    bytes.iter().map(|byte| byte.is_ascii_digit().then(|| byte.saturating_sub(b'0'))).collect()
}

/// The decimal number that the digits write.
fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value: u64, digit| value.saturating_mul(10).saturating_add(u64::from(*digit)))
}
