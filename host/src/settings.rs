//! What each application variable must be like. A wrong one is named at the start, with what is expected, rather than found
//! out by the first request that needs it.

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;

use crate::outbound::policy::Pattern;

/// Shorter, an admin key could be guessed: it is taken, and warned of.
const STRONG_ADMIN_KEY: usize = 16;
const MAX_ADMIN_KEY: usize = 512;
/// The longest `log_origin`, as the component has it that signs.
const MAX_ORIGIN: usize = 200;
/// The levels of `log_sample`.
const LEVELS: [&str; 3] = ["info", "warn", "error"];

/// Whether a variable that somebody gave can be one. Of names that it doesn't know, every value is good.
///
/// # Errors
/// The variable and what is expected of it. A secret's value isn't told.
pub fn check(name: &str, value: &str) -> Result<()> {
    let expect = |good: bool, expected: &str| {
        ensure!(good, "variable `{name}` must be {expected}");
        Ok(())
    };
    let or_empty = |check: &dyn Fn(&str) -> bool| value.trim().is_empty() || check(value.trim());
    match name {
        "admin_key" => expect(is_admin_key(value), "1 to 512 printable ASCII characters without spaces"),
        "master_key" => expect(is_key(value), "32 bytes in base64, such as `tollgate keys new` prints"),
        "master_previous_key" => expect(
            or_empty(&is_key),
            "32 bytes in base64: the other master key while one takes the other's place, or empty",
        ),
        "log_key" => {
            expect(or_empty(&is_key), "32 bytes in base64, or empty, for one that is derived from `master_key`")
        }
        "log_previous_key" => expect(
            or_empty(&|key| key.parse::<tlog::Verifier>().is_ok()),
            "a verifier key as GET /v1/audit/log/key shows it, or empty",
        ),
        "log_origin" => expect(
            or_empty(&is_origin),
            "a URL without its scheme, such as gate.example.com/log, of at most 200 characters and with no `+`, or empty",
        ),
        "log_access" => expect(["keys", "public"].contains(&value), "keys or public"),
        "personal_retention" => {
            let parsed = audit::Retention::parse(value).map(drop);
            parsed.context("variable `personal_retention` must be days by kind, such as money=90 session=30 admin=365")
        }
        "public_url" => expect(
            or_empty(&is_base),
            "an http or https URL without a path, such as https://gate.example.com, or empty",
        ),
        "otlp_endpoint" => {
            expect(or_empty(&is_base), "an http or https URL without a path, such as http://127.0.0.1:4318, or empty")
        }
        "log_sample" => check_sample(value)
            .context("variable `log_sample` must be percents by level, such as info=10 warn=100 error=100"),
        "dev_hosts" if value.is_empty() => Ok(()),
        "dev_hosts" => {
            Pattern::parse(value).map(drop).context("variable `dev_hosts` must be one outbound host, or empty")
        }
        _ => Ok(()),
    }
}

/// What is to be said against a value that can be used all the same.
pub fn warning(name: &str, value: &str) -> Option<String> {
    // Empty, it is yet to be made.
    let is_weak = name == "admin_key" && (1..STRONG_ADMIN_KEY).contains(&value.len());
    is_weak.then(|| format!("variable `{name}` is short and might be guessed: `tollgate keys new` prints a better one"))
}

/// Whether variables go together, of which each is good. `get` gives their values.
///
/// # Errors
/// The variables, and why they don't.
pub fn check_together<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<()> {
    let key = |name| get(name).and_then(|value: &str| STANDARD.decode(value.trim()).ok()).filter(|key| !key.is_empty());
    if let (Some(master), Some(previous)) = (key("master_key"), key("master_previous_key")) {
        ensure!(master != previous, "variable `master_previous_key` must be another key than `master_key`, or empty");
    }
    Ok(())
}

fn is_admin_key(value: &str) -> bool {
    (1..=MAX_ADMIN_KEY).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_key(value: &str) -> bool {
    STANDARD.decode(value.trim()).is_ok_and(|bytes| bytes.len() == 32)
}

/// `host[:port][/path]`.
fn is_origin(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"+?#\\\"<>".contains(&byte));
    let named = text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
    plain && named && text.len() <= MAX_ORIGIN && !text.contains("://")
}

/// `http[s]://host[:port]`, with or without a slash behind it.
fn is_base(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    // `host:` has a colon and no port that could be read.
    let has_port = authority.port_u16().is_some() || authority.as_str().len() == authority.host().len();
    let is_plain = !authority.as_str().contains('@') && !authority.host().is_empty() && has_port;
    is_plain && matches!(uri.scheme_str(), Some("http" | "https")) && uri.path() == "/" && !text.contains(['?', '#'])
}

fn check_sample(text: &str) -> Result<()> {
    let mut seen = Vec::new();
    for word in text.split_ascii_whitespace() {
        let (level, percent) = word.split_once('=').with_context(|| format!("`{word}` is no level=percent"))?;
        ensure!(LEVELS.contains(&level), "`{level}` is no level: info, warn and error are");
        let is_percent = percent.parse::<u64>().is_ok_and(|percent| percent <= 100);
        ensure!(is_percent, "the percent of `{level}` must be a whole number from 0 to 100");
        if seen.contains(&level) {
            bail!("`{level}` is there twice");
        }
        seen.push(level);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OTHER: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
    const VERIFIER: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn ops_5_a_key_that_might_be_guessed_is_warned_of() {
        assert!(warning("admin_key", "fifteen--chars-").is_some());
        assert_eq!(warning("admin_key", "exactly-16-chars"), None);
        assert_eq!(warning("log_access", "keys"), None);
    }

    #[test]
    fn ops_5_what_each_variable_may_be() {
        let long = "a".repeat(201);
        let table: [(&str, &[&str], &[&str]); 13] = [
            (
                "admin_key",
                &["tg_admin_0123456", "short", &long],
                &["", "with a space in it", "mit-Umläuten-im-Schlüssel", &"a".repeat(513)],
            ),
            ("master_key", &[KEY, OTHER], &["", "too-short", "AAAA", &KEY[1..], "not base64!"]),
            ("master_previous_key", &["", KEY, " \n"], &["too-short", "AAAA"]),
            ("log_key", &["", KEY], &["too-short", "AAAA"]),
            ("log_previous_key", &["", VERIFIER], &["somebody", KEY]),
            (
                "log_origin",
                &["", "gate.example.com/log", "127.0.0.1:3000/log", "[::1]:3000"],
                &["https://gate.example.com/log", "gate example", "a+b", "/log", "gate.example.com?x", &long],
            ),
            ("log_access", &["keys", "public"], &["", "everybody", "Public"]),
            ("personal_retention", &["", "money=90", "money=90 session=30 admin=365"], &["money=0", "money", "x=1"]),
            (
                "public_url",
                &[
                    "",
                    "https://gate.example.com",
                    "http://127.0.0.1:3000",
                    "https://gate.example.com/",
                    "http://[::1]:80",
                ],
                &[
                    "gate.example.com",
                    "https://",
                    "ftp://gate.example.com",
                    "https://gate.example.com/gate",
                    "https://gate.example.com?x=1",
                    "https://gate.example.com#x",
                    "https://user@gate.example.com",
                    "https://gate.example.com:port",
                    "https://gate example.com",
                ],
            ),
            (
                "otlp_endpoint",
                &["", "http://otlp.invalid", "http://127.0.0.1:4318"],
                &["127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces", "grpc://127.0.0.1:4317"],
            ),
            (
                "log_sample",
                &["", "info=10 warn=100 error=100", "error=0", "info=100"],
                &["10", "info", "info=101", "info=-1", "info=ten", "debug=1", "info=1 info=2"],
            ),
            ("dev_hosts", &["", "http://127.0.0.1:*", "http://dev.invalid"], &["not a host", "127.0.0.1", "ftp://a"]),
            ("something_else", &["", "anything at all"], &[]),
        ];
        for (name, good, bad) in table {
            for value in good {
                assert!(check(name, value).is_ok(), "{name}={value}: {:?}", check(name, value));
            }
            for value in bad {
                let said = format!("{:#}", check(name, value).expect_err(&format!("{name}={value}")));
                let named = format!("variable `{name}` must be ");
                assert!(said.starts_with(&named), "{name}={value}: {said}");
            }
        }
    }

    #[test]
    fn ops_5_a_secret_that_is_none_is_not_told() {
        for name in ["admin_key", "master_key", "master_previous_key", "log_key"] {
            let said = format!("{:#}", check(name, "my secret").unwrap_err());
            assert!(!said.contains("my secret"), "{said}");
        }
    }

    #[test]
    fn ops_5_the_two_master_keys_are_two() {
        let check = |previous: &str, good: bool| {
            let get = |name: &str| match name {
                "master_key" => Some(KEY),
                _ => Some(previous),
            };
            assert_eq!(check_together(get).is_ok(), good, "{previous}");
        };
        check("", true);
        check(OTHER, true);
        check(KEY, false);
        check(&format!(" {KEY}\n"), false);
        assert!(check_together(|_| None).is_ok());
    }
}
