//! Germany: tax identification number, eleven digits, together or as `86 095 742 719`.
//!
//! Check: ISO 7064 MOD 11,10; not 0 in front; and among the first ten digits exactly one digit appears twice or three
//! times, all others at most once. Source: Bundeszentralamt für Steuern, "Steuerliche Identifikationsnummer".

use crate::checksum::mod_11_10;
use crate::find::run::{Run, Separator};
use crate::find::text::Text;

pub fn at(text: Text<'_>, run: &Run) -> Option<usize> {
    let window = run.windows().find(|window| {
        let is_written = window.is_shape(&[11], &[]) || window.is_shape(&[2, 3, 3, 3], &[Separator::Space]);
        is_written && is_given_out(window.digits) && mod_11_10(window.digits) && text.ends_number(window.end)
    })?;
    Some(window.end)
}

fn is_given_out(digits: &[u8]) -> bool {
    let Some((head, _)) = digits.split_first_chunk::<10>() else {
        return false;
    };
    let counts = (0..10).map(|value| head.iter().filter(|digit| **digit == value).count());
    let repeated: Vec<usize> = counts.filter(|count| *count > 1).collect();
    head.first() != Some(&0) && matches!(repeated.as_slice(), [2 | 3])
}
