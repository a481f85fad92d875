//! What tells a visitor of a public stream that this is an AI (the tenant's `disclosure`).

use calendar::Millis;
use kv_schemas::{Store, Value, expiry, families};
use shell::{Problem, Reply, host, offline};
use tenancy::Disclosure;

/// The header that says so beside an answer.
pub const HEADER: &str = "x-ai-disclosure";

/// The answer with the label. A header takes ASCII only: other characters are percent-encoded as UTF-8 (RFC 3986).
pub fn on(reply: Reply, label: &str) -> Reply {
    reply.with(HEADER, &ascii(label))
}

/// How long it is remembered that a session was told: longer than any lasts.
const KEPT_HOURS: u64 = 24;

fn told(session: &str) -> Value<Millis> {
    families::DISCLOSURE_SAID.value(&[session])
}

/// What this speech begins with: the label, in the first one of a session that has to be told aloud. Who speaks without a
/// session, the tenant's own server, has the header, and says it to whom it speaks.
pub fn to_say(store: &dyn Store, disclosure: &Disclosure, session: Option<&str>) -> Result<Option<String>, Problem> {
    let (Some(session), Some(label)) = (session, disclosure.said()) else { return Ok(None) };
    let before = told(session).exists(store).map_err(|error| offline(&error))?;
    Ok((!before).then_some(label))
}

/// The session was told: all of the answer has gone out. What if we crash before, or can't write it down? It is told again,
/// as it is to two who listen at once: twice, rather than never.
pub fn said(store: &dyn Store, session: &str) {
    let value = told(session);
    let now = host::now();
    let noted = expiry::forget_after(store, now.hour_number() + KEPT_HOURS, &[value.key()])
        .and_then(|()| value.set(store, &now));
    if let Err(error) = noted {
        shell::warn!("disclosure_said", session = session, error = error);
    }
}

fn ascii(label: &str) -> String {
    label.bytes().fold(String::new(), |text, byte| match byte {
        b' '..=b'~' if byte != b'%' => text + char::from(byte).encode_utf8(&mut [0; 4]),
        _ => format!("{text}%{byte:02X}"),
    })
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;

    use super::*;

    #[test]
    fn twn_5_a_session_is_told_aloud_until_it_was_told_once() {
        let disclosure = |spoken| Disclosure { spoken: Some(spoken), ..Disclosure::default() };
        let check = |store: &Memory, spoken: bool, session: Option<&str>, label: Option<&str>| {
            assert_eq!(to_say(store, &disclosure(spoken), session).unwrap().as_deref(), label, "{session:?}");
        };
        let store = Memory::default();
        for _ in 0..2 {
            check(&store, true, Some("ses_1"), Some("AI Host. "));
        }
        check(&store, false, Some("ses_1"), None);
        check(&store, true, None, None);
        said(&store, "ses_1");
        check(&store, true, Some("ses_1"), None);
        check(&store, true, Some("ses_2"), Some("AI Host. "));
    }

    #[test]
    fn twn_5_a_store_that_fails_says_it_again_and_never_less() {
        for operations in 0..4 {
            let store = Memory::default();
            store.fail_after(operations);
            said(&store, "ses_1");
            store.recover();
            let left =
                to_say(&store, &Disclosure { spoken: Some(true), ..Disclosure::default() }, Some("ses_1")).unwrap();
            let written = told("ses_1").exists(&store).unwrap();
            assert_eq!(left.is_none(), written, "{operations}");
        }
        let store = Memory::default();
        store.fail_after(0);
        assert!(to_say(&store, &Disclosure { spoken: Some(true), ..Disclosure::default() }, Some("ses_1")).is_err());
    }

    #[test]
    fn a_label_is_ascii_and_comes_back() {
        let check = |label: &str, expected: &str| assert_eq!(ascii(label), expected);
        check("AI Host", "AI Host");
        check("KI-Gästgeber 100%", "KI-G%C3%A4stgeber 100%25");
        check("a\r\nb", "a%0D%0Ab");
    }
}
