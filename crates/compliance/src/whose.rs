//! Whose data is asked for.

use serde_json::Value as Json;
use tenancy::{Invalid, Object};

const MAX_SESSION: usize = 128;
/// As long as a token of an end user may be.
const MAX_USER: usize = 8 * 1024;
const MAX_SUBJECT: usize = 200;

/// A person, by one of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Whoever had this session.
    Session(String),
    /// Whom the tenant's issuer calls so: `sub`.
    User(String),
    /// Who has consented to a twin, by name.
    Subject(String),
}

impl Whose {
    /// Reads one of `session_id`, `user` and `subject`. Of other fields, `others` are left to the caller.
    ///
    /// # Errors
    /// The field that is wrong; `body` where there is none of them, or several.
    pub fn parse(body: &Json, others: &[&str]) -> Result<Self, Invalid> {
        let body = Object::body(body)?;
        body.only(&[&["session_id", "user", "subject"], others].concat())?;
        let session = body.line("session_id", 1, MAX_SESSION)?;
        if session.is_some_and(|session| !session.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(body.fault("session_id", "must be a session's id, such as ses_01J..."));
        }
        let subject = body.line("subject", 1, MAX_SUBJECT)?.map(str::trim);
        // An empty name is what erased consents have.
        if subject == Some("") {
            return Err(body.fault("subject", "must be a name"));
        }
        match (session, body.text("user", 1, MAX_USER)?, subject) {
            (Some(session), None, None) => Ok(Self::Session(session.into())),
            (None, Some(user), None) => Ok(Self::User(user.into())),
            (None, None, Some(subject)) => Ok(Self::Subject(subject.into())),
            _ => Err(Invalid::new("body", "must name one of session_id, user and subject")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn twn_5_a_person_is_named_in_one_way() {
        let check = |body: Json, read: Result<Whose, &str>| {
            let found = Whose::parse(&body, &["cursor"]).map_err(|invalid| invalid.param);
            assert_eq!(found, read.map_err(str::to_owned), "{body}");
        };
        check(json!({"session_id": "ses_1"}), Ok(Whose::Session("ses_1".into())));
        check(json!({"user": "auth0|anna", "cursor": 1}), Ok(Whose::User("auth0|anna".into())));
        check(json!({"subject": " Anna Example ", "user": null}), Ok(Whose::Subject("Anna Example".into())));
        check(json!({}), Err("body"));
        check(json!([]), Err("body"));
        check(json!({"session_id": "ses_1", "user": "anna"}), Err("body"));
        check(json!({"session_id": "a b"}), Err("session_id"));
        check(json!({"session_id": "x".repeat(129)}), Err("session_id"));
        check(json!({"session_id": 7}), Err("session_id"));
        check(json!({"user": ""}), Err("user"));
        check(json!({"subject": "x".repeat(201)}), Err("subject"));
        check(json!({"subject": "  "}), Err("subject"));
        check(json!({"name": "Anna"}), Err("name"));
    }
}
