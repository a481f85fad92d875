//! Which family of models a vendor's model counts to.

/// The families that every snapshot names, called or not.
pub const FAMILIES: [&str; 4] = ["gpt", "claude", "gemini", "deepseek"];

/// The family of a candidate `provider/model`; a vendor that has none of the four is its own.
#[must_use]
pub fn family(candidate: &str) -> &str {
    match candidate.split_once('/').map_or(candidate, |(provider, _)| provider) {
        "openai" => "gpt",
        "anthropic" => "claude",
        provider => provider,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_2_vendors_count_to_their_family() {
        let check = |candidate, expected| assert_eq!(family(candidate), expected);
        check("openai/gpt-5.4-mini", "gpt");
        check("anthropic/claude-sonnet-5", "claude");
        check("gemini/gemini-3-flash", "gemini");
        check("deepseek/deepseek-chat", "deepseek");
        check("acme/one/two", "acme");
        check("acme", "acme");
    }
}
