//! Lists in pages.

use problem::Problem;

/// How many things a page has: the parameter `limit`, from 1 to `most`. Who says nothing gets `default`.
pub fn limit(text: Option<&str>, default: usize, most: usize) -> Result<usize, Problem> {
    match text {
        None => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| Problem::invalid("limit", format!("must be from 1 to {most}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_4_a_limit_is_a_number_in_bounds_or_not_there_at_all() {
        let check = |text: Option<&str>, expected: Option<usize>| {
            assert_eq!(limit(text, 20, 100).ok(), expected, "{text:?}");
        };
        check(None, Some(20));
        check(Some("1"), Some(1));
        check(Some("100"), Some(100));
        for text in ["", "0", "101", "-1", "1.5", "x", " 1"] {
            check(Some(text), None);
        }
        assert_eq!(limit(Some(""), 20, 100).unwrap_err().param.as_deref(), Some("limit"));
    }
}
