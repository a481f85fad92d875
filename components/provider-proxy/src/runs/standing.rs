//! Whether a run may still spend: the key that it acts for is good.

use kv_schemas::{Store, StoreError};
use runs::Run;
use shell::Problem;

/// What names a key, before its SHA-256.
const KEY: &str = "key_";

/// Chats have no key: what they begin is the tenant's own.
pub fn is_standing(store: &dyn Store, run: &Run) -> Result<bool, StoreError> {
    let Some(sha256) = run.credential.strip_prefix(KEY) else { return Ok(true) };
    Ok(tenancy::find_key(store, sha256)?.is_some_and(|key| key.tenant == run.tenant))
}

/// The run is paused with this, until somebody continues it by another key.
pub fn revoked() -> Problem {
    let message = "The key that the run acts for was revoked. Whoever continues it lets it act for theirs.";
    Problem::forbidden("credential_revoked", message)
}

#[cfg(test)]
mod tests {
    use calendar::Millis;
    use kv_schemas::memory::Memory;
    use runs::{Begin, Fact, Status, Then, apply, parse_steps};
    use serde_json::json;
    use tenancy::{NewKeys, Unlogged};

    use super::*;
    use crate::runs::sample::{NOW, run_of};

    #[test]
    fn a_run_acts_for_a_key_as_long_as_that_is_good() {
        let store = Memory::default();
        let tenant = serde_json::from_value(json!({ "id": "demo", "company": "acme" })).unwrap();
        let keys = NewKeys { publishable: "tg_pk_1".into(), secret: "tg_sk_1".into() };
        tenancy::create(&store, NOW, &tenant, &keys, &Unlogged).unwrap();
        let key = tenancy::key_id("tg_sk_1");
        let check = |tenant: &str, credential: &str, expected: bool| {
            let found = is_standing(&store, &run_of(tenant, credential)).unwrap();
            assert_eq!(found, expected, "{credential} of {tenant}");
        };
        check("demo", &key, true);
        check("demo", "chat_1", true);
        check("demo", "key_0", false);
        check("other", &key, false);
        tenancy::revoke_key(&store, NOW, "demo", &key, &Unlogged).unwrap();
        check("demo", &key, false);
    }

    #[test]
    fn a_run_of_a_revoked_key_is_paused() {
        let (mut run, problem) = (run_of("demo", "key_0"), revoked());
        let kind = serde_json::to_value(problem.kind).unwrap();
        let then = Then::of(kind.as_str().unwrap(), &problem.code, problem.retry_after_ms);
        let why = runs::Failure::new(&problem.code, &problem.message);
        apply(&mut run, Fact::Starting { step: "a".into(), attempt: 1 }, NOW).unwrap();
        apply(&mut run, Fact::StartRefused { step: "a".into(), attempt: 1, why, then }, NOW).unwrap();
        assert_eq!(run.status, Status::Paused);
        assert_eq!(run.pause.unwrap().code, "credential_revoked");
    }
}
