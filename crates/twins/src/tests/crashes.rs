//! A crash at every operation of every change: what is left is consistent, nothing is open that must be closed, and the
//! same request again completes it.

use kv_schemas::memory::Memory;
use serde_json::json;
use tenancy::Unlogged;

use super::world::*;
use crate::*;

/// Runs `act` with a crash after 0, 1, 2 ... operations until it gets through; `check` sees the store after each crash.
fn at_every_crash(
    prepare: impl Fn(&Memory),
    act: impl Fn(&Memory) -> Result<(), Refusal>,
    check: impl Fn(&Memory, u32),
) {
    for crash in 0..500 {
        let store = Memory::default();
        prepare(&store);
        store.fail_after(crash);
        let done = act(&store);
        store.recover();
        if done.is_ok() {
            assert!(crash > 5, "the change does something");
            return;
        }
        assert!(matches!(done, Err(Refusal::Store(_))), "crash after {crash}: {done:?}");
        check(&store, crash);
    }
    panic!("never got through");
}

fn assert_whole(store: &Memory, id: Mtid, crash: u32) {
    let twin = find_twin(store, "a").unwrap().unwrap();
    assert_eq!((twin.id, twin.status()), (id, "created"), "crash after {crash}");
    assert_eq!(access(store, "a").unwrap().id, id.to_string(), "crash after {crash}");
    assert_eq!(named(store, &id.code()).unwrap().unwrap().tenant, "a", "crash after {crash}");
    assert!(has_consent(store, "a").unwrap(), "crash after {crash}");
    let listed: Vec<_> = list(store, 0, 10).unwrap().twins.into_iter().map(|twin| twin.id).collect();
    assert_eq!(listed, [id], "crash after {crash}");
    assert_eq!(told(store, "a").last().map(String::as_str), Some("twin.created"), "crash after {crash}");
}

#[test]
fn twn_1_making_is_completed_by_the_same_request_and_by_another() {
    at_every_crash(
        |store| tenant(store, "a"),
        |store| make(store, "a").map(drop),
        |store, crash| {
            let again = create(at(store, LATER), "a", mtid(1), traits("Travis"), consent(1));
            assert_eq!(again.unwrap().id, mtid(1));
            assert_whole(store, mtid(1), crash);
        },
    );
    at_every_crash(
        |store| tenant(store, "a"),
        |store| make(store, "a").map(drop),
        |store, crash| {
            let existed = find_twin(store, "a").unwrap().is_some();
            // Half made, it lets no page in that it wouldn't let in later.
            assert!(access(store, "a").is_none_or(|access| !access.pages), "crash after {crash}");
            let other = create(at(store, LATER), "a", mtid(2), traits("Travis"), consent(2));
            if existed {
                assert_eq!(other, Err(Refusal::Exists), "crash after {crash}");
                assert_whole(store, mtid(1), crash);
            } else {
                assert_eq!(other.unwrap().id, mtid(2), "crash after {crash}");
                assert_whole(store, mtid(2), crash);
                assert_eq!(named(store, &mtid(1).code()).unwrap(), None, "crash after {crash}");
            }
        },
    );
}

#[test]
fn ses_5_taking_consent_back_is_completed_by_the_same_request() {
    at_every_crash(
        twinned,
        |store| revoke_consent(at(store, NOW), "a", "con_1"),
        |store, crash| {
            // Once the list says so, nobody gets in.
            if !has_consent(store, "a").unwrap() {
                assert_eq!(closed(store).as_deref(), Some(CONSENT_REVOKED), "crash after {crash}");
            }
            revoke_consent(at(store, LATER), "a", "con_1").unwrap();
            assert!(!has_consent(store, "a").unwrap(), "crash after {crash}");
            assert_eq!(closed(store).as_deref(), Some(CONSENT_REVOKED), "crash after {crash}");
            assert!(access(store, "a").unwrap().revoked_before >= NOW, "crash after {crash}");
            let revoked = told(store, "a").iter().filter(|kind| *kind == "consent.revoked").count();
            assert!((1..=2).contains(&revoked), "crash after {crash}: told {revoked} times, all with one id");
        },
    );
}

#[test]
fn ses_5_giving_consent_again_opens_only_when_it_is_recorded() {
    let prepare = |store: &Memory| {
        twinned(store);
        revoke_consent(at(store, NOW), "a", "con_1").unwrap();
    };
    at_every_crash(
        prepare,
        |store| give_consent(at(store, NOW), "a", consent(2)),
        |store, crash| {
            assert!(closed(store).is_some() || has_consent(store, "a").unwrap(), "crash after {crash}");
            give_consent(at(store, LATER), "a", consent(2)).unwrap();
            assert_eq!((closed(store), find_consents(store, "a").unwrap().len()), (None, 2), "crash after {crash}");
        },
    );
}

#[test]
fn twn_1_retiring_is_completed_by_the_same_request() {
    let prepare = |store: &Memory| {
        twinned(store);
        deploy(at(store, NOW), "a", Environment::Production).unwrap();
    };
    at_every_crash(
        prepare,
        |store| retire(at(store, NOW), "a"),
        |store, crash| {
            if find_twin(store, "a").unwrap().unwrap().status() == "retired" {
                assert_eq!(closed(store).as_deref(), Some(TWIN_RETIRED), "crash after {crash}");
            }
            retire(at(store, LATER), "a").unwrap();
            assert_eq!(closed(store).as_deref(), Some(TWIN_RETIRED), "crash after {crash}");
            assert_eq!(find_twin(store, "a").unwrap().unwrap().status(), "retired", "crash after {crash}");
        },
    );
}

#[test]
fn twn_1_deploying_and_withdrawing_are_completed_by_the_same_request() {
    let state = |store: &Memory| {
        let environment = find_twin(store, "a").unwrap().unwrap().environment;
        (environment, access(store, "a").unwrap().pages)
    };
    for environment in [Environment::Production, Environment::Staging] {
        at_every_crash(
            twinned,
            |store| deploy(at(store, NOW), "a", environment).map(drop),
            |store, crash| {
                deploy(at(store, LATER), "a", environment).unwrap();
                let pages = environment == Environment::Production;
                assert_eq!(state(store), (Some(environment), pages), "crash after {crash}");
            },
        );
    }
    let prepare = |store: &Memory| {
        twinned(store);
        deploy(at(store, NOW), "a", Environment::Production).unwrap();
    };
    at_every_crash(
        prepare,
        |store| withdraw(at(store, NOW), "a"),
        |store, crash| {
            // Once the record says so, pages are out.
            assert!(state(store) != (None, true), "crash after {crash}");
            withdraw(at(store, LATER), "a").unwrap();
            assert_eq!(state(store), (None, false), "crash after {crash}");
        },
    );
}

#[test]
fn twn_2_linking_is_completed_by_the_same_request() {
    let asked = || parse_link(&json!({"module": "shop", "mode": "host"})).unwrap();
    at_every_crash(
        twinned,
        |store| link(at(store, NOW), "a", asked()).map(drop),
        |store, crash| {
            link(at(store, LATER), "a", asked()).unwrap();
            assert_eq!(find_twin(store, "a").unwrap().unwrap().links.len(), 1, "crash after {crash}");
        },
    );
}

#[test]
fn deleting_the_tenant_takes_the_twin_with_it() {
    let prepare = |store: &Memory| {
        twinned(store);
        training("a").set(store, &Training::default()).unwrap();
        tenancy::will_hold_certificates(store, "a").unwrap();
        kv_schemas::families::CERTIFICATES.value(&["a"]).set(store, &json!([])).unwrap();
    };
    let left = |store: &Memory| -> Vec<String> {
        let keys = store.keys().into_iter().filter(|key| !key.ends_with("/tail"));
        keys.filter(|key| key.contains("twin") || key.starts_with("certificate") || key.starts_with("tenant/"))
            .collect()
    };
    for crash in 0..200 {
        let store = Memory::default();
        prepare(&store);
        store.fail_after(crash);
        let done = tenancy::delete(&store, NOW, "a", &Unlogged);
        store.recover();
        tenancy::delete(&store, LATER, "a", &Unlogged).unwrap();
        // The id is known for good, and leads to nobody.
        assert_eq!(left(&store), ["twin-id/0000-0000-0001"], "crash after {crash}");
        assert_eq!(named(&store, "MTID#0000-0000-0001").unwrap(), None);
        assert_eq!(list(&store, 0, 10).unwrap().twins, []);
        if done.is_ok() {
            return;
        }
    }
    panic!("never got through");
}

#[test]
fn a_twin_half_made_goes_with_its_tenant_too() {
    at_every_crash(
        |store| tenant(store, "a"),
        |store| make(store, "a").map(drop),
        |store, crash| {
            tenancy::delete(store, LATER, "a", &Unlogged).unwrap();
            let keys: Vec<_> = store.keys().into_iter().filter(|key| !key.ends_with("/tail")).collect();
            let known = |key: &String| {
                ["twin-id/", "twin-list/", "twin-mark/", "twin-changing/", "tenant-gone/", "limits-past/", "feed"]
                    .iter()
                    .any(|prefix| key.starts_with(prefix))
                    || key.starts_with("expiry")
            };
            assert!(keys.iter().all(known), "crash after {crash}: {keys:?}");
        },
    );
}
