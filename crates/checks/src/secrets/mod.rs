//! Secrets in plain text where they don't belong: patterns, what may be passed over and why, and what is shown of a find.

mod allow;
mod entropy;
mod patterns;

use std::sync::LazyLock;

use regex::RegexSet;

pub use allow::{Allow, AllowError};
use patterns::PATTERNS;

use crate::Verdict;

/// The longest line that is looked at; what is longer was made by a program, and is cut here.
const MAX_LINE: usize = 4_096;

static ALL: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(PATTERNS.iter().map(|pattern| pattern.expression)).unwrap_or_else(|_| RegexSet::empty())
});

/// Looks at one file. Never says a secret whole.
pub fn scan(verdict: &mut Verdict, path: &str, text: &str, allow: &Allow) {
    for (index, line) in text.lines().enumerate() {
        let line = cut(line);
        for pattern in ALL.matches(line).into_iter().filter_map(|found| PATTERNS.get(found)) {
            let Some(secret) = pattern.secret_in(line).filter(|secret| !allow.passes(path, pattern.code, secret))
            else {
                continue;
            };
            let at = format!("{path}:{}", index.saturating_add(1));
            verdict.fail(pattern.code, at, format!("{}: {}", pattern.what, redacted(secret)));
        }
    }
}

fn cut(line: &str) -> &str {
    let end = (0..=MAX_LINE.min(line.len())).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
    line.get(..end).unwrap_or_default()
}

/// Enough to find it again, not enough to use it.
fn redacted(secret: &str) -> String {
    let length = secret.chars().count();
    let shown: String = secret.chars().take((length / 4).min(6)).collect();
    format!("`{shown}...`, {length} characters")
}

#[cfg(test)]
mod tests;
