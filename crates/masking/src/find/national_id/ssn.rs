//! United States: social security number and ITIN, `078-05-1120`. No check digit.
//!
//! Nine digits as 3-2-4 with hyphens or blanks, or together after a cue (`ssn`, `social`). The area isn't 000 or 666,
//! group and serial aren't zeros; an area from 900 up is an ITIN, whose group is 50-65, 70-88, 90-92 or 94-99.
//! Source: SSA POMS RM 10201.035; IRS Publication 1915.

use crate::find::run::{Run, Separator};
use crate::find::text::Text;

pub fn at(text: Text<'_>, run: &Run) -> Option<usize> {
    let window = run.windows().find(|window| {
        let is_written = window.is_shape(&[3, 2, 4], &[Separator::Hyphen, Separator::Space]) && window.is_uniform();
        let is_bare = window.is_shape(&[9], &[]);
        let is_cued = || is_bare && text.has_cue(run.start, |word| matches!(word, "ssn" | "itin" | "social"));
        (is_written || is_cued()) && is_given_out(window.digits) && text.ends_number(window.end)
    })?;
    Some(window.end)
}

fn is_given_out(digits: &[u8]) -> bool {
    let [a, b, c, d, e, serial @ ..] = digits else {
        return false;
    };
    let group = super::number(&[*d, *e]);
    let is_area = match super::number(&[*a, *b, *c]) {
        0 | 666 => false,
        900.. => matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99),
        _ => true,
    };
    is_area && group != 0 && super::number(serial) != 0
}
