use std::cell::Cell;

use base64::{Engine, engine::general_purpose::STANDARD};
use calendar::SECOND;
use kv_schemas::{gap::Gap, memory::Memory};
use tenancy::{BindingSealed, EndpointSealed, Mode, Tenant, Unlogged, bind, find_binding, find_endpoint};
use twins::{Consent, consents, notes};

use super::*;

const NOW: Millis = Millis(1_795_000_000_000);
const A: u8 = 1;
const B: u8 = 2;
/// Secrets in the house, and those that a stranger's key has sealed.
const SECRETS: u64 = 7;

fn vault(own: u8, other: Option<u8>) -> Vault {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let other = other.map(key).unwrap_or_default();
    Vault::new(&key(own)).unwrap().accepting(&other).unwrap()
}

fn bound(store: &dyn Store, vault: &Vault, secret: &str) {
    let sealed = |what: &str| Some(vault.seal(&format!("vendor/t/openai/{what}"), [9; 24], secret).unwrap());
    let asked = BindingSealed {
        mode: Mode::Live,
        base_url: None,
        sealed_secret: sealed("secret"),
        sealed_webhook_secret: sealed("webhook"),
        options: serde_json::Map::new(),
    };
    bind(store, "t", "openai", asked, &Unlogged).unwrap();
}

/// One of each kind of secret, sealed by `vault`.
fn house(vault: &Vault) -> Memory {
    let store = Memory::default();
    families::TENANT_LIST.log(&[]).append(&store, &"t").unwrap();
    tenancy::tenant("t").set(&store, &Tenant::new("t", "acme")).unwrap();
    bound(&store, vault, "sk-1");
    for secret in ["whsec-old", "whsec-new"] {
        let sealed_secret = Some(vault.seal("endpoint/t/secret", [9; 24], secret).unwrap());
        let asked = EndpointSealed {
            url: "https://a.example".into(),
            types: vec![],
            sealed_secret,
            id: "ep_1".into(),
            from: 0,
        };
        tenancy::set_endpoint(&store, NOW, "t", asked, &Unlogged).unwrap();
    }
    let consent = Consent {
        id: "con_1".into(),
        sealed_subject: vault.seal("twin-consent/t/con_1/subject", [9; 24], "Ada").unwrap(),
        purpose: "p".into(),
        given_at: NOW,
        evidence_sha256: "e".into(),
        recorded_at: NOW,
        revoked_at: None,
    };
    consents("t").set(&store, &vec![consent]).unwrap();
    compliance::PersonKey::get(&store, vault, [9; 24]).unwrap();
    let note = notes::parse_note(&serde_json::json!({"kind": "cultural", "text": "hats"})).unwrap();
    notes::leave(&store, vault, [9; 24], "acme", ("note_1", "t", NOW), &note).unwrap();
    store
}

/// All that is sealed opens with this key alone.
fn opens(store: &Memory, vault: &Vault, secret: &str) {
    let open = |context: &str, sealed: &str| vault.open(context, sealed).unwrap().expose().to_owned();
    let binding = find_binding(store, "t", "openai").unwrap().unwrap();
    assert_eq!(open("vendor/t/openai/secret", &binding.sealed_secret.unwrap()), secret);
    assert_eq!(open("vendor/t/openai/webhook", &binding.sealed_webhook_secret.unwrap()), secret);
    let endpoint = find_endpoint(store, "t").unwrap().unwrap();
    assert_eq!(open("endpoint/t/secret", &endpoint.sealed_secret), "whsec-new");
    assert_eq!(open("endpoint/t/secret", &endpoint.old[0].sealed), "whsec-old");
    let consent = &consents("t").get(store).unwrap().unwrap()[0];
    assert_eq!(open("twin-consent/t/con_1/subject", &consent.sealed_subject), "Ada");
    assert_eq!(notes::newest(store, vault, "acme", 5).unwrap()[0].text, "hats");
    assert!(compliance::PersonKey::get(store, vault, [1; 24]).is_ok());
}

fn go(store: &dyn Store, vault: &Vault, at: Millis) -> Told {
    let drawn = Cell::new(10_u8);
    let nonce = || {
        drawn.set(drawn.get() + 1);
        [drawn.get(); NONCE_BYTES]
    };
    step(store, vault, &nonce, at).unwrap()
}

/// Steps, a second each, until it is done; gives how many.
fn finish(store: &dyn Store, vault: &Vault, from: Millis) -> u64 {
    (1..50).find(|second| go(store, vault, from.plus(second * SECOND)).done).expect("it comes to an end")
}

#[test]
fn ops_5_everything_is_sealed_by_the_new_key() {
    let store = house(&vault(A, None));
    finish(&store, &vault(A, None), NOW);
    assert_eq!(look(&store, &vault(A, None)).unwrap().resealed, 0);
    let during = vault(B, Some(A));
    opens(&store, &during, "sk-1");
    assert!(!look(&store, &during).unwrap().done, "nobody has begun");
    let begun = go(&store, &during, NOW.plus(HOUR));
    assert!(!begun.done && begun.left == 2, "{begun:?}");
    finish(&store, &during, NOW.plus(HOUR));
    let told = look(&store, &during).unwrap();
    assert_eq!(told, Told { status: "ok", done: true, resealed: SECRETS, left: 0, unopened: vec![] });
    opens(&store, &vault(B, None), "sk-1");
}

#[test]
fn ops_5_with_nothing_to_do_it_is_one_read() {
    let store = house(&vault(A, None));
    finish(&store, &vault(A, None), NOW);
    let before = store.dump();
    for at in [NOW.plus(2 * MINUTE), NOW.plus(5 * HOUR)] {
        store.fail_after(1);
        go(&store, &vault(A, None), at);
        store.recover();
    }
    assert_eq!(store.dump(), before);
}

#[test]
fn ops_5_what_an_old_node_seals_meanwhile_is_found_later() {
    let store = house(&vault(A, None));
    let (old, new) = (vault(A, Some(B)), vault(B, Some(A)));
    finish(&store, &old, NOW);
    finish(&store, &new, NOW.plus(MINUTE));
    bound(&store, &old, "sk-2");
    let told = go(&store, &old, NOW.plus(2 * MINUTE));
    assert!(!told.done, "who has the old key changes nothing, and isn't told that all is well");
    let later = NOW.plus(2 * MINUTE + AGAIN_MS);
    (0..10).for_each(|second| drop(go(&store, &new, later.plus(second * SECOND))));
    assert!(look(&store, &new).unwrap().done);
    assert_eq!(look(&store, &new).unwrap().resealed, SECRETS + 2);
    opens(&store, &vault(B, None), "sk-2");
}

#[test]
fn ops_5_a_change_of_the_key_can_be_taken_back() {
    let store = house(&vault(A, None));
    let (old, new) = (vault(A, Some(B)), vault(B, Some(A)));
    finish(&store, &old, NOW);
    finish(&store, &new, NOW.plus(MINUTE));
    // The nodes with the new key are gone; after a while the old one takes over.
    let later = NOW.plus(2 * MINUTE + HOLD_MS);
    finish(&store, &old, later);
    opens(&store, &vault(A, None), "sk-1");
    assert!(!look(&store, &new).unwrap().done);
}

#[test]
fn ops_5_what_does_not_open_stays_and_is_named() {
    let store = house(&vault(A, None));
    let stranger = vault(9, None).seal("vendor/t/openai/secret", [9; 24], "sk-lost").unwrap();
    let mut binding = find_binding(&store, "t", "openai").unwrap().unwrap();
    binding.sealed_secret = Some(stranger.clone());
    tenancy::vendor_binding("t", "openai").set(&store, &binding).unwrap();
    finish(&store, &vault(B, Some(A)), NOW);
    let told = look(&store, &vault(B, None)).unwrap();
    assert_eq!((told.done, told.resealed), (true, SECRETS - 1));
    assert_eq!(told.unopened, ["vendor/t/openai/secret"]);
    let binding = find_binding(&store, "t", "openai").unwrap().unwrap();
    assert_eq!(binding.sealed_secret, Some(stranger), "not touched");
    assert!(vault(B, None).is_own("vendor/t/openai/webhook", &binding.sealed_webhook_secret.unwrap()));
}

#[test]
fn ops_5_a_step_that_fails_anywhere_is_resumed_and_loses_nothing() {
    let new = vault(B, Some(A));
    for at in 0..4 {
        for fuel in 0.. {
            let store = house(&vault(A, None));
            (0..at).for_each(|second| drop(go(&store, &new, NOW.plus(second * SECOND))));
            store.fail_after(fuel);
            let nonce = || [77; NONCE_BYTES];
            let whole = step(&store, &new, &nonce, NOW.plus(at * SECOND)).is_ok();
            store.recover();
            opens(&store, &new, "sk-1");
            // A claim that was held goes stale meanwhile.
            finish(&store, &new, NOW.plus(10 * SECOND));
            opens(&store, &vault(B, None), "sk-1");
            if whole {
                break;
            }
        }
    }
}

/// Somebody sets the binding anew before each operation of a step: it is theirs, but for the last operation before ours.
#[test]
fn ops_5_a_secret_that_is_set_meanwhile_is_not_undone() {
    let (old, new) = (vault(A, Some(B)), vault(B, Some(A)));
    let mut undone = 0;
    for at in 0..80 {
        let store = house(&vault(A, None));
        go(&store, &new, NOW);
        let set = |store: &dyn Store| bound(store, &old, "sk-2");
        let gap = Gap::new(&store, at, &set);
        go(&gap, &new, NOW.plus(SECOND));
        if !gap.reached() {
            assert!(at > 20, "the step does something");
            break;
        }
        finish(&store, &new, NOW.plus(10 * SECOND));
        let binding = find_binding(&store, "t", "openai").unwrap().unwrap();
        let kept = vault(B, None).open("vendor/t/openai/secret", &binding.sealed_secret.unwrap()).unwrap();
        undone += u32::from(kept.expose() != "sk-2");
    }
    assert_eq!(undone, 1, "between the second look and the write");
}

#[test]
fn ops_5_two_nodes_at_once_seal_everything_once() {
    let new = vault(B, Some(A));
    for at in 0..80 {
        let store = house(&vault(A, None));
        go(&store, &new, NOW);
        let other = |store: &dyn Store| drop(go(store, &new, NOW.plus(SECOND)));
        let gap = Gap::new(&store, at, &other);
        go(&gap, &new, NOW.plus(SECOND));
        let reached = gap.reached();
        finish(&store, &new, NOW.plus(10 * SECOND));
        opens(&store, &vault(B, None), "sk-1");
        if !reached {
            break;
        }
    }
}

#[test]
fn ops_5_very_many_tenants_are_gone_over_in_stretches() {
    let store = house(&vault(A, None));
    for n in 0..200 {
        let id = format!("t{n}");
        families::TENANT_LIST.log(&[]).append(&store, &id).unwrap();
        tenancy::tenant(&id).set(&store, &Tenant::new(&id, "acme")).unwrap();
    }
    let new = vault(B, Some(A));
    let left: Vec<u64> = (0..8).map(|second| go(&store, &new, NOW.plus(second * SECOND)).left).collect();
    assert_eq!(left, [202, 162, 122, 82, 42, 2, 1, 202], "and again, since something was found");
}

#[test]
fn what_is_stored_is_read_by_every_later_release() {
    let progress = Progress {
        key: "f2".into(),
        past: vec!["f1".into()],
        since: Millis(5),
        seen: Millis(6),
        pass: Some(Pass { at: At::Tenants(40), clean: false }),
        done: false,
        ended: Millis(7),
        resealed: 8,
        unopened: vec!["vendor/t/openai/secret".into()],
    };
    let stored = r#"{"key":"f2","past":["f1"],"since":5,"seen":6,"pass":{"at":{"tenants":40},"clean":false},"done":false,"ended":7,"resealed":8,"unopened":["vendor/t/openai/secret"]}"#;
    assert_eq!(serde_json::to_string(&progress).unwrap(), stored);
    assert_eq!(serde_json::from_str::<Progress>(stored).unwrap(), progress);
}
