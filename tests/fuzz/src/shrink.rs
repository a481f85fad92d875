//! Makes a case smaller that fails, as long as it fails.

use crate::run::Case;

/// So many attempts, so that a finding is told soon.
const ATTEMPTS: usize = 400;

/// The smallest case found that `fails`; the case itself fails.
pub fn shrunk(mut case: Case, fails: &dyn Fn(&Case) -> bool) -> Case {
    let mut left = ATTEMPTS;
    for part in 0..case.len() {
        let mut size = case[part].len().div_ceil(2);
        while size > 0 && left > 0 {
            let mut at = 0;
            while at < case[part].len() && left > 0 {
                left -= 1;
                let mut smaller = case.clone();
                let end = (at + size).min(smaller[part].len());
                smaller[part].drain(at..end);
                if fails(&smaller) { case = smaller } else { at = end }
            }
            size /= 2;
        }
    }
    case
}
