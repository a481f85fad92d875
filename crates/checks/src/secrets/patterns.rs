//! The shapes that secrets have.

use std::sync::LazyLock;

use regex::Regex;

use super::entropy::millibits;

/// From here on an assigned value is too surprising for a word: thousandths of a bit for each character.
const SURPRISING: u64 = 3_700;

/// One shape. The first group is the secret; without one, all that matches is.
pub struct Pattern {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub what: &'static str,
    /// In the syntax of `regex`.
    pub expression: &'static str,
    /// Whether what is found must look random, too.
    random: bool,
}

const fn shape(code: &'static str, what: &'static str, expression: &'static str) -> Pattern {
    Pattern { code, what, expression, random: false }
}

/// All of them.
pub static PATTERNS: [Pattern; 20] = [
    shape("private_key", "A private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    shape("tollgate_secret_key", "A tenant's secret key", r"\b(tg_sk_[0-9a-f]{32,})"),
    shape("tollgate_admin_key", "An admin key", r"\b(tg_admin_[A-Za-z0-9_-]{32,})"),
    shape("tollgate_session", "A session's token", r"\b(tgs_[A-Za-z0-9]+_?[0-9a-f]{32,})"),
    shape("anthropic", "An Anthropic key", r"\b(sk-ant-[A-Za-z0-9_-]{24,})"),
    shape("openai", "An OpenAI or DeepSeek key", r"\b(sk-(?:proj-|svcacct-)?[A-Za-z0-9]{20,}[A-Za-z0-9_-]*)"),
    shape("elevenlabs", "An ElevenLabs key", r"\b(sk_[0-9a-f]{40,})\b"),
    shape("cartesia", "A Cartesia key", r"\b(sk_car_[A-Za-z0-9]{16,})"),
    shape("google", "A Google key", r"\b(AIza[0-9A-Za-z_-]{35})\b"),
    shape("stripe", "A Stripe key", r"\b((?:sk|rk)_live_[0-9A-Za-z]{16,})"),
    shape("webhook_secret", "A webhook's signing secret", r"\b(whsec_[0-9A-Za-z+/=]{24,})"),
    shape("aws_access_key", "An AWS access key", r"\b((?:AKIA|ASIA)[0-9A-Z]{16})\b"),
    shape("slack_token", "A Slack token", r"\b(xox[abeoprs]-[0-9A-Za-z-]{10,})"),
    shape(
        "slack_webhook",
        "A Slack webhook",
        r"(https://hooks\.slack\.com/services/T[0-9A-Z]+/B[0-9A-Z]+/[0-9A-Za-z]{16,})",
    ),
    shape("github", "A GitHub token", r"\b((?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{40,}))"),
    shape("telegram", "A Telegram bot's token", r"\b([0-9]{8,10}:AA[0-9A-Za-z_-]{33})\b"),
    shape("jwt", "A signed token", r"\b(eyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{20,})"),
    shape(
        "url_password",
        "A password in an address",
        r"\b[a-z][a-z0-9+.-]*://[^\s/:@'<>{}$]*:([^\s/:@'<>{}$]{6,})@[A-Za-z0-9]",
    ),
    Pattern {
        code: "assigned_quoted",
        what: "A random text under a secret's name",
        expression: r#"(?i)(?:secret|token|passw(?:or)?d|passphrase|api_?-?key|access_?-?key|master_?-?key|admin_?-?key|credential)[a-z0-9_-]*["']?\s*(?:=|:|=>)\s*["']([A-Za-z0-9+/_=.-]{20,})["']"#,
        random: true,
    },
    Pattern {
        code: "assigned_bare",
        what: "A random text under a secret's name",
        expression: r"^\s*(?:export\s+)?(?i:[a-z0-9_-]*(?:secret|token|passw(?:or)?d|api_?key|access_?key|master_?key|admin_?key))\s*[=:]\s*([A-Za-z0-9+/_=-]{20,})\s*$",
        random: true,
    },
];

static EACH: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| PATTERNS.iter().map(|pattern| Regex::new(pattern.expression).ok()).collect());

impl Pattern {
    /// The secret that a line has of this shape.
    pub fn secret_in<'a>(&self, line: &'a str) -> Option<&'a str> {
        let index = PATTERNS.iter().position(|pattern| pattern.code == self.code)?;
        let captures = EACH.get(index)?.as_ref()?.captures(line)?;
        let secret = captures.get(1).or_else(|| captures.get(0))?.as_str();
        let has_digit = secret.bytes().any(|byte| byte.is_ascii_digit());
        (!self.random || (has_digit && millibits(secret) >= SURPRISING)).then_some(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_is_one() {
        assert!(EACH.iter().all(Option::is_some));
    }
}
