//! Netherlands: citizen service number (BSN), nine digits, together or as `1112.22.333`.
//!
//! Check: the eleven test. One in eleven numbers of nine digits passes it by chance, and is masked too.
//! Source: Besluit burgerservicenummer; Logisch Ontwerp BSN.

use crate::checksum::eleven_test;
use crate::find::run::{Run, Separator};
use crate::find::text::Text;

pub fn at(text: Text<'_>, run: &Run) -> Option<usize> {
    let window = run.windows().find(|window| {
        let is_grouped = window.is_shape(&[4, 2, 3], &[Separator::Dot, Separator::Space]) && window.is_uniform();
        let is_written = is_grouped || window.is_shape(&[9], &[]);
        is_written && eleven_test(window.digits) && text.ends_number(window.end)
    })?;
    Some(window.end)
}
