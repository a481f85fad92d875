//! What a tenant's binding to Telegram may be: its token stands in a path, its secret in a header, and its options say
//! who is served.

use crate::{Invalid, fields::Object};

/// The vendor whose bindings these are.
pub const VENDOR: &str = "telegram";
/// The most conversations that are served.
const MAX_CHATS: usize = 100;
/// As Telegram bounds a webhook's secret.
const MAX_WEBHOOK_SECRET: usize = 256;
/// A bot's token has about 50.
const MAX_TOKEN: usize = 256;

/// Checks the vendor's own part of a binding's body.
pub fn check(body: &Object<'_>, secret: Option<&str>, webhook_secret: Option<&str>) -> Result<(), Invalid> {
    // The proxy puts it into the path of each call, and refuses any other there.
    if !secret.is_none_or(|secret| is_made_of(secret, ":_-", MAX_TOKEN)) {
        return Err(body.fault("secret", format!("must be a bot's token: 1 to {MAX_TOKEN} of A-Z a-z 0-9 : _ -")));
    }
    // Telegram takes no other for `secret_token`, so another could never be shown.
    let mut webhook_secrets = webhook_secret.iter().flat_map(|secrets| secrets.lines());
    if !webhook_secrets.all(|secret| is_made_of(secret, "_-", MAX_WEBHOOK_SECRET)) {
        let expected = format!("must be 1 to {MAX_WEBHOOK_SECRET} of A-Z a-z 0-9 _ - a line");
        return Err(body.fault("webhook_secret", expected));
    }
    let Some(options) = body.object("options")? else { return Ok(()) };
    options.flag("open")?;
    let mut seen: Vec<&str> = Vec::new();
    for (param, chat) in options.texts("chats", MAX_CHATS)?.unwrap_or_default() {
        if !is_chat(chat) {
            return Err(Invalid::new(
                param,
                "must be the id of a chat: a whole number as a text, such as \"-1001234\"",
            ));
        }
        if seen.contains(&chat) {
            return Err(Invalid::new(param, "is there twice"));
        }
        seen.push(chat);
    }
    Ok(())
}

fn is_made_of(text: &str, extra: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
}

/// Written as updates name it: then the same chat is the same text.
fn is_chat(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|id| id.to_string() == text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use serde_json::{Value as Json, json};

    use crate::{NO_DEV_HOSTS, parse_binding};

    #[test]
    fn a_binding_says_who_is_served() {
        let check = |body: Json, param: Option<&str>| {
            let read = parse_binding("telegram", NO_DEV_HOSTS, &body);
            assert_eq!(read.err().map(|wrong| wrong.param).as_deref(), param, "{body}");
        };
        let options = |options: Json| json!({ "options": options });
        check(json!({}), None);
        check(json!({"base_url": "https://api.telegram.org"}), None);
        check(json!({"base_url": "https://telegram.org"}), Some("base_url"));
        check(options(json!({"chats": ["123", "-1001234567890"], "open": false})), None);
        check(options(json!({"chats": [], "open": true, "retries": 0})), None);
        check(options(json!({"chats": null, "open": null})), None);
        check(options(json!({"chats": ["9223372036854775807", "-9223372036854775808"]})), None);
        for chat in ["", "a", "@harbour", "1.5", "1e3", "+1", "01", "-0", " 1", "9223372036854775808"] {
            check(options(json!({"chats": ["1", chat]})), Some("options.chats[1]"));
        }
        check(options(json!({"chats": ["1", 2]})), Some("options.chats[1]"));
        check(options(json!({"chats": ["1", "2", "1"]})), Some("options.chats[2]"));
        check(options(json!({"chats": "1"})), Some("options.chats"));
        check(options(json!({"chats": {"1": true}})), Some("options.chats"));
        let many = |count: usize| (1..=count).map(|chat| chat.to_string()).collect::<Vec<_>>();
        check(options(json!({"chats": many(100)})), None);
        check(options(json!({"chats": many(101)})), Some("options.chats"));
        for open in [json!("yes"), json!(1), json!([])] {
            check(options(json!({ "open": open })), Some("options.open"));
        }
        check(options(json!([])), Some("options"));
        // Another vendor's options are its own.
        assert!(parse_binding("openai", NO_DEV_HOSTS, &options(json!({"chats": "x", "open": "x"}))).is_ok());
    }

    #[test]
    fn secrets_are_what_a_path_and_a_header_can_hold() {
        let check = |field: &str, secret: &str, allowed: bool| {
            let read = parse_binding("telegram", NO_DEV_HOSTS, &json!({ field: secret }));
            let expected = (!allowed).then(|| field.to_owned());
            assert_eq!(read.err().map(|wrong| wrong.param), expected, "{field} {secret:?}");
        };
        check("secret", "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_-", true);
        check("secret", &"a".repeat(256), true);
        check("secret", &"a".repeat(257), false);
        for secret in ["1:a/b", "1:a?b", "1:a b", "..", "1:ä", "1:%2e", "bot1:a#"] {
            check("secret", secret, false);
        }
        check("webhook_secret", "a_B-1", true);
        check("webhook_secret", "a_B-1\na_B-2", true);
        check("webhook_secret", "a_B-1\na:b", false);
        check("webhook_secret", &"a".repeat(256), true);
        check("webhook_secret", &"a".repeat(257), false);
        for secret in ["a:b", "a b", "ä", "a.b"] {
            check("webhook_secret", secret, false);
        }
    }
}
