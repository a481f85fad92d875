//! The one thing the page must be told: which twin it shows. Stored as JSON under `families::SITE`, written by an operator.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::reply::Refusal;

/// The most that is read of a request to store settings.
pub const MAX_BYTES: usize = 4096;

const MAX_TEXT: usize = 128;

/// What `GET /site.json` says. All of it is public: it ends up in the page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A tenant's publishable key, or none yet: the page then explains how to set it.
    pub publishable_key: Option<String>,
    /// The age in years the page asks for before it opens a session; the tenant's own `minimum_age` decides.
    pub age_gate: Option<u8>,
    /// The persona id that a video session is opened with; the vendor's name for it.
    pub persona: Option<String>,
    /// The voice that answers are read in; the vendor's name for it.
    pub voice: Option<String>,
    /// The chat model; the widget's own default when absent.
    pub model: Option<String>,
    /// The origin of the demo's director, in development: the demo pages show the gate's books from there, and break things.
    pub director: Option<String>,
}

/// Reads what an operator sends.
///
/// # Errors
/// [`Refusal::Invalid`] names the field. A secret key in place of a publishable one is refused: the page would show it.
pub fn parse(body: &[u8]) -> Result<Settings, Refusal> {
    let invalid = |_| Refusal::Invalid { param: "body", message: "The body must be a JSON object of known settings." };
    // By way of an object: read straight into the struct, an array would do as well.
    let object: serde_json::Map<_, _> = serde_json::from_slice(body).map_err(invalid)?;
    let settings: Settings = serde_json::from_value(object.into()).map_err(invalid)?;
    if settings.publishable_key.as_deref().is_some_and(|key| !is_publishable(key)) {
        return Err(Refusal::Invalid { param: "publishable_key", message: "A publishable key starts with tg_pk_." });
    }
    if settings.age_gate.is_some_and(|age| !(1..=120).contains(&age)) {
        return Err(Refusal::Invalid { param: "age_gate", message: "An age gate is between 1 and 120 years." });
    }
    if settings.director.as_deref().is_some_and(|origin| !is_loopback_origin(origin)) {
        const MESSAGE: &str = "A director is an origin on this machine, such as http://127.0.0.1:4000.";
        return Err(Refusal::Invalid { param: "director", message: MESSAGE });
    }
    let texts = [("persona", &settings.persona), ("voice", &settings.voice), ("model", &settings.model)];
    for (param, text) in texts {
        if text.as_deref().is_some_and(|text| text.is_empty() || text.len() > MAX_TEXT) {
            return Err(Refusal::Invalid { param, message: "This must be 1 to 128 bytes of text, or null." });
        }
    }
    Ok(settings)
}

/// Reads what the store holds. Nothing stored, or something this version can't read, is an unconfigured page
/// rather than a broken one: an operator can simply store it again.
pub fn stored(value: Option<Vec<u8>>) -> Settings {
    value.and_then(|bytes| parse(&bytes).ok()).unwrap_or_default()
}

/// Whether an `Authorization` header carries the admin key. Takes the same time wherever they differ.
/// An unset or empty admin key admits nobody.
pub fn is_operator(authorization: Option<&str>, admin_key: &str) -> bool {
    let Some((scheme, sent)) = authorization.and_then(|header| header.split_once(' ')) else { return false };
    let equal: bool = sent.trim().as_bytes().ct_eq(admin_key.as_bytes()).into();
    scheme.eq_ignore_ascii_case("bearer") && !admin_key.is_empty() && equal
}

/// `http://127.0.0.1:PORT` or `http://localhost:PORT` and nothing else: it becomes a part of the pages' policy.
fn is_loopback_origin(origin: &str) -> bool {
    let port = ["http://127.0.0.1:", "http://localhost:"].iter().find_map(|start| origin.strip_prefix(start));
    port.is_some_and(|port| {
        port.parse::<u16>().is_ok_and(|number| number > 0) && port.chars().all(|digit| digit.is_ascii_digit())
    })
}

fn is_publishable(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    key.len() <= MAX_TEXT && key.strip_prefix("tg_pk_").is_some_and(|rest| !rest.is_empty() && rest.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked_field_by_field() {
        let check = |body: &str, want: Result<Option<&str>, &str>| match (parse(body.as_bytes()), want) {
            (Ok(settings), Ok(key)) => assert_eq!(settings.publishable_key.as_deref(), key, "{body}"),
            (Err(Refusal::Invalid { param, .. }), Err(field)) => assert_eq!(param, field, "{body}"),
            (got, want) => panic!("{body}: {got:?}, wanted {want:?}"),
        };
        check(r#"{"publishable_key":"tg_pk_abc-1.x_Y"}"#, Ok(Some("tg_pk_abc-1.x_Y")));
        check(r#"{"publishable_key":null}"#, Ok(None));
        check(
            r#"{"publishable_key":"tg_pk_a","age_gate":21,"persona":"p1","voice":"v","model":"auto"}"#,
            Ok(Some("tg_pk_a")),
        );
        check("{}", Ok(None));
        check(r#"{"publishable_key":"tg_sk_secret"}"#, Err("publishable_key"));
        check(r#"{"publishable_key":"tg_pk_"}"#, Err("publishable_key"));
        check(r#"{"publishable_key":"tg_pk_<b>"}"#, Err("publishable_key"));
        check(r#"{"age_gate":0}"#, Err("age_gate"));
        check(r#"{"age_gate":121}"#, Err("age_gate"));
        check(r#"{"age_gate":-1}"#, Err("body"));
        check(r#"{"persona":""}"#, Err("persona"));
        check(&format!(r#"{{"voice":"{}"}}"#, "v".repeat(129)), Err("voice"));
        check(r#"{"director":"http://127.0.0.1:4000"}"#, Ok(None));
        check(r#"{"director":"http://localhost:65535"}"#, Ok(None));
        for elsewhere in [
            "https://127.0.0.1:4000",
            "http://127.0.0.1",
            "http://127.0.0.1:0",
            "http://127.0.0.1:+80",
            "http://127.0.0.1:65536",
            "http://127.0.0.1:4000/",
            "http://127.0.0.1:4000 https://evil.example",
            "http://127.0.0.1:4000; script-src *",
            "http://127.0.0.1.evil.example:80",
            "http://192.168.0.1:4000",
            "",
        ] {
            check(&serde_json::json!({"director": elsewhere}).to_string(), Err("director"));
        }
        check(r#"{"publishable_kye":"tg_pk_a"}"#, Err("body"));
        check("", Err("body"));
        check("[]", Err("body"));
    }

    #[test]
    fn what_was_stored_reads_back_and_rubbish_reads_as_nothing() {
        let settings = parse(br#"{"publishable_key":"tg_pk_a","age_gate":21}"#).unwrap();
        assert_eq!(stored(Some(serde_json::to_vec(&settings).unwrap())), settings);
        assert_eq!(stored(None), Settings::default());
        assert_eq!(stored(Some(b"rubbish".to_vec())), Settings::default());
        assert_eq!(stored(Some(br#"{"publishable_key":"tg_sk_x"}"#.to_vec())), Settings::default());
    }

    #[test]
    fn only_the_admin_key_is_the_operator() {
        let check = |header: Option<&str>, key: &str, want: bool| {
            assert_eq!(is_operator(header, key), want, "{header:?} against {key:?}");
        };
        check(Some("Bearer secret"), "secret", true);
        check(Some("bearer secret"), "secret", true);
        check(Some("Bearer secreT"), "secret", false);
        check(Some("Bearer secret2"), "secret", false);
        check(Some("Basic secret"), "secret", false);
        check(Some("secret"), "secret", false);
        check(Some("Bearer "), "", false);
        check(None, "secret", false);
        check(None, "", false);
    }
}
