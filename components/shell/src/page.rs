//! Lists in pages.

use problem::Problem;

/// How many things a page has: the parameter `limit`, from 1 to `most`. Who says nothing gets `default`.
pub fn limit(text: Option<&str>, default: usize, most: usize) -> Result<usize, Problem> {
    match text {
        None | Some("") => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| Problem::invalid("limit", format!("must be from 1 to {most}"))),
    }
}
