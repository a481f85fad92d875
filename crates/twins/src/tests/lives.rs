//! A twin's life: what may be done when, what is noted and told, and who gets in.

use calendar::Millis;
use kv_schemas::{StoreError, memory::Memory};
use serde_json::json;
use tenancy::{Event, Journal, TwinAccess, Unlogged, find_tenant};

use super::world::*;
use crate::*;

#[test]
fn twn_1_a_twin_is_made_changed_deployed_and_retired() {
    let (store, noted) = (Memory::default(), Noted::default());
    tenant(&store, "a");
    let at = Place { store: &store, now: NOW, journal: &noted };
    let twin = create(at, "a", mtid(1), traits("Travis"), consent(1)).unwrap();
    assert_eq!((twin.status(), twin.tenant.as_str(), twin.updated_at), ("created", "a", NOW));
    assert_eq!(access(&store, "a"), Some(TwinAccess::new("MTID#0000-0000-0001")));
    let changed = patch(at, "a", &json!({"emotion": 9, "mesh": {"share": true}})).unwrap();
    assert_eq!((u8::from(changed.emotion), changed.mesh.share, changed.name.as_str()), (9, true, "Travis"));
    assert_eq!(patch(at, "a", &json!({"emotion": 9})).unwrap(), changed, "what changes nothing is not noted");
    assert_eq!(deploy(at, "a", Environment::Staging).unwrap().status(), "deployed");
    assert!(!access(&store, "a").unwrap().pages);
    deploy(at, "a", Environment::Production).unwrap();
    deploy(at, "a", Environment::Production).unwrap();
    assert!(access(&store, "a").unwrap().pages);
    withdraw(at, "a").unwrap();
    assert_eq!(
        (find_twin(&store, "a").unwrap().unwrap().status(), access(&store, "a").unwrap().pages),
        ("created", false)
    );
    retire(at, "a").unwrap();
    retire(at, "a").unwrap();
    assert_eq!(closed(&store).as_deref(), Some("twin_retired"));
    for refused in [
        patch(at, "a", &json!({"emotion": 1})).err(),
        deploy(at, "a", Environment::Production).err(),
        link(at, "a", parse_link(&json!({"module": "m", "mode": "host"})).unwrap()).err(),
        give_consent(at, "a", consent(2)).err(),
    ] {
        assert_eq!(refused, Some(Refusal::Retired));
    }
    assert_eq!(create(at, "a", mtid(2), traits("Travis"), consent(1)), Err(Refusal::Exists));
    let types = [
        "CONSENT_GIVEN",
        "TWIN_CREATED",
        "TWIN_CHANGED",
        "TWIN_DEPLOYED",
        "TWIN_DEPLOYED",
        "TWIN_DEPLOYED",
        "TWIN_RETIRED",
    ];
    assert_eq!(noted.types(), types);
    assert_eq!(told(&store, "a"), ["twin.created", "twin.deployed", "twin.deployed", "twin.retired"]);
}

#[test]
fn twn_4_a_month_is_split_as_was_agreed_in_it() {
    let store = Memory::default();
    tenant(&store, "a");
    create(at(&store, NOW), "a", mtid(1), traits("Travis"), consent(1)).unwrap();
    let agreed = |when: &str, share: u8| {
        let now = Millis::parse(when).unwrap();
        let licence = json!({"creator_wallet": format!("0x{}", "1f".repeat(20)), "creator_share": share});
        license(at(&store, now), "a", parse_licence(&licence, now).unwrap()).unwrap()
    };
    agreed("2026-03-10T00:00:00Z", 80);
    agreed("2026-03-31T23:59:59Z", 70);
    agreed("2026-05-01T00:00:00Z", 10);
    let twin = agreed("2026-05-02T00:00:00Z", 20);
    let share = |month: &str| twin.licence_in(month).map(|licence| licence.creator_share);
    // What came before any was agreed goes by the first one.
    for (month, expected) in [("2026-01", 70), ("2026-03", 70), ("2026-04", 70), ("2026-05", 20), ("2027-01", 20)] {
        assert_eq!(share(month), Some(expected), "{month}");
    }
    assert_eq!((twin.past_licences.len(), twin.licence.unwrap().creator_share), (1, 20), "one a month is kept");
    assert_eq!(find_twin(&store, "a").unwrap().unwrap().licence_in("2026-04").unwrap().creator_share, 70);
}

/// Deletes the tenant as soon as it hears of it.
struct Deleting<'a>(&'a Memory);

impl Journal for Deleting<'_> {
    fn note(&self, event: &Event) -> Result<(), StoreError> {
        let gone = tenancy::delete(self.0, NOW, &event.tenant, &Unlogged);
        gone.map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

#[test]
fn ses_5_nobody_is_kept_of_a_tenant_that_goes_meanwhile() {
    let check = |what: &str, change: &dyn Fn(Place<'_>) -> Result<(), Refusal>, has_twin: bool| {
        let store = Memory::default();
        tenant(&store, "a");
        if has_twin {
            make(&store, "a").unwrap();
        }
        let done = change(Place { store: &store, now: NOW, journal: &Deleting(&store) });
        assert_eq!(done, Err(Refusal::NotFound("tenant")), "{what}");
        let personal = ["twin/", "twin-consent/", "twin-training/", "twin-access/", "tenant/"];
        let left: Vec<_> =
            store.keys().into_iter().filter(|key| personal.iter().any(|kind| key.starts_with(kind))).collect();
        assert_eq!(left, Vec::<String>::new(), "{what}");
        assert_eq!(list(&store, 0, 10).unwrap().twins, [], "{what}");
    };
    check("create", &|at| create(at, "a", mtid(1), traits("Travis"), consent(1)).map(drop), false);
    check("give", &|at| give_consent(at, "a", consent(2)), true);
    check("revoke", &|at| revoke_consent(at, "a", "con_1"), true);
    check("patch", &|at| patch(at, "a", &json!({"name": "Viv"})).map(drop), true);
    check("deploy", &|at| deploy(at, "a", Environment::Production).map(drop), true);
    check("retire", &|at| retire(at, "a"), true);
}

#[test]
fn ses_5_nobodys_name_is_in_the_log() {
    let (store, noted) = (Memory::default(), Noted::default());
    tenant(&store, "a");
    let at = Place { store: &store, now: NOW, journal: &noted };
    let mut with_name = consent(1);
    with_name.sealed_subject = "SEALED-NAME".into();
    create(at, "a", mtid(1), traits("Travis"), with_name).unwrap();
    let wallet = format!("0x{}", "1f".repeat(20));
    license(at, "a", parse_licence(&json!({"creator_wallet": wallet}), NOW).unwrap()).unwrap();
    revoke_consent(at, "a", "con_1").unwrap();
    let events = noted.0.borrow();
    let text = format!("{events:?}");
    for secret in ["SEALED-NAME", &wallet] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let given = events.iter().find(|event| event.event_type == "CONSENT_GIVEN").unwrap();
    let names: Vec<&str> = given.details.keys().map(String::as_str).collect();
    assert_eq!(names, ["consent_id", "evidence_sha256", "given_at", "purpose"]);
    assert!(given.id.is_some() && given.company == "acme" && given.tenant == "a");
}

#[test]
fn ses_5_the_last_consent_taken_back_closes_and_a_new_one_opens() {
    let store = Memory::default();
    twinned(&store);
    let at = |now: u64| at(&store, Millis(now));
    give_consent(at(2_000_000), "a", consent(2)).unwrap();
    revoke_consent(at(3_000_000), "a", "con_1").unwrap();
    assert_eq!(closed(&store), None, "another one holds");
    revoke_consent(at(4_000_000), "a", "con_2").unwrap();
    let closed_at = access(&store, "a").unwrap();
    assert_eq!((closed_at.closed.as_deref(), closed_at.revoked_before), (Some("consent_revoked"), Millis(4_000_000)));
    assert!(closed_at.has_ended(Millis(9_000_000)), "closed, nobody gets in however late");
    assert_eq!(deploy(at(4_500_000), "a", Environment::Production), Err(Refusal::ConsentRequired));
    give_consent(at(5_000_000), "a", consent(3)).unwrap();
    let open = access(&store, "a").unwrap();
    assert_eq!(open.closed, None);
    assert!(
        open.has_ended(Millis(3_999_999)) && open.has_ended(Millis(5_000_000)) && !open.has_ended(Millis(5_000_001))
    );
    revoke_consent(at(6_000_000), "a", "con_1").unwrap();
    assert_eq!(closed(&store), None, "taken back before");
    assert_eq!(revoke_consent(at(6_000_000), "a", "con_9"), Err(Refusal::NotFound("consent")));
    assert_eq!(told(&store, "a"), ["twin.created", "consent.revoked", "consent.revoked"]);
    // What retired it stays what closed it.
    retire(at(7_000_000), "a").unwrap();
    revoke_consent(at(8_000_000), "a", "con_3").unwrap();
    assert_eq!(closed(&store).as_deref(), Some("twin_retired"));
}

#[test]
fn ses_5_whoever_changes_the_tenant_at_the_same_time_opens_nothing() {
    // The change of the tenant is stopped after each of its operations, the consent is taken back, and it goes on: which
    // is the same as if it had read what it knows before, and writes after. So its last write is simulated.
    let store = Memory::default();
    twinned(&store);
    let before = find_tenant(&store, "a").unwrap().unwrap();
    revoke_consent(at(&store, NOW), "a", "con_1").unwrap();
    tenancy::tenant("a").set(&store, &before).unwrap();
    assert_eq!(closed(&store), None, "somebody has written over it");
    // Whoever writes a tenant looks afterwards whether that was so.
    tenancy::patch(&store, NOW, "a", &json!({"display_name": "A"}), &Unlogged).unwrap();
    let after = find_tenant(&store, "a").unwrap().unwrap();
    assert_eq!(after.twin.unwrap().closed.as_deref(), Some("consent_revoked"));
    assert_eq!(after.display_name, "A");
}

#[test]
fn one_change_at_a_time() {
    let store = Memory::default();
    twinned(&store);
    let outer = at(&store, NOW).alone("a", |_| {
        assert_eq!(retire(at(&store, NOW), "a"), Err(Refusal::Busy));
        Ok(())
    });
    assert_eq!(outer, Ok(()));
    assert_eq!(retire(at(&store, NOW), "a"), Ok(()));
    assert_eq!(retire(at(&store, NOW), "nobody"), Err(Refusal::NotFound("tenant")));
    assert!(!store.keys().iter().any(|key| key.contains("twin-mark") || key.contains("nobody")));
}

#[test]
fn twn_2_links_are_made_replaced_and_taken_away() {
    let store = Memory::default();
    twinned(&store);
    let make = |module: &str, mode: &str, context: serde_json::Value| {
        let asked = parse_link(&json!({"module": module, "mode": mode, "context": context})).unwrap();
        link(at(&store, NOW), "a", asked).map(|(twin, link)| link.url(twin.id))
    };
    let links = || find_twin(&store, "a").unwrap().unwrap().links.clone();
    assert_eq!(make("shop", "host", json!({})).unwrap(), "mt-link://shop/MTID#0000-0000-0001?mode=host");
    make("shop", "coach", json!({})).unwrap();
    make("shop", "Host", json!({"table": 1})).unwrap();
    assert_eq!(links().len(), 2);
    assert_eq!(links()[1].context, *json!({"table": 1}).as_object().unwrap());
    unlink(at(&store, NOW), "a", "shop", Some(BehaviorMode::Coach)).unwrap();
    unlink(at(&store, NOW), "a", "shop", Some(BehaviorMode::Coach)).unwrap();
    assert_eq!(links().len(), 1);
    for n in 1..MAX_LINKS {
        make(&format!("m{n}"), "host", json!({})).unwrap();
    }
    assert_eq!(make("one-more", "host", json!({})), Err(Refusal::TooMany { what: "links", most: 64 }));
    make("shop", "host", json!({})).unwrap();
    unlink(at(&store, NOW), "a", "shop", None).unwrap();
    assert_eq!(links().len(), 63);
    let owner =
        |text: &str| owned(&store, &LinkAddress::parse(text).unwrap().owner()).unwrap().map(|twin| twin.tenant.clone());
    assert_eq!(owner("mt-link://shop/MTID%230000-0000-0001?mode=host").as_deref(), Some("a"));
    assert_eq!(owner("mt-link://shop/a?mode=host").as_deref(), Some("a"));
    assert_eq!(owner("mt-link://shop/MTID#0000-0000-0002?mode=host"), None);
}

#[test]
fn consents_are_bounded() {
    let store = Memory::default();
    twinned(&store);
    for n in 2..=64 {
        give_consent(at(&store, NOW), "a", consent(n)).unwrap();
    }
    assert_eq!(
        give_consent(at(&store, NOW), "a", consent(65)),
        Err(Refusal::TooMany { what: "consents", most: MAX_CONSENTS })
    );
    revoke_consent(at(&store, NOW), "a", "con_7").unwrap();
    give_consent(at(&store, NOW), "a", consent(65)).unwrap();
    let list = find_consents(&store, "a").unwrap();
    assert_eq!(list.len(), MAX_CONSENTS);
    assert!(list.iter().all(|consent| consent.is_active() && consent.id != "con_7"));
}

#[test]
fn twn_1_twins_are_listed_in_pages() {
    let store = Memory::default();
    for n in 1..=5 {
        let id = format!("t{n}");
        tenant(&store, &id);
        create(at(&store, NOW), &id, mtid(n), traits(&id), consent(n)).unwrap();
    }
    tenancy::delete(&store, NOW, "t2", &Unlogged).unwrap();
    let page = |after, limit| {
        let page = list(&store, after, limit).unwrap();
        (page.twins.iter().map(|twin| twin.tenant.clone()).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(page(0, 2), (vec!["t1".into(), "t3".into()], Some(3)));
    assert_eq!(page(3, 2), (vec!["t4".into(), "t5".into()], None));
    assert_eq!(page(9, 2), (vec![], None));
}

#[test]
fn twn_5_who_gave_a_consent_is_forgotten_and_the_twin_closes_with_the_last() {
    let store = Memory::default();
    twinned(&store);
    give_consent(at(&store, NOW), "a", consent(2)).unwrap();
    let stands = |id: &str| {
        let list = find_consents(&store, "a").unwrap();
        let consent = list.iter().find(|consent| consent.id == id).unwrap().clone();
        (consent.sealed_subject.clone(), consent.is_active())
    };
    forget_person(at(&store, NOW), "a", "con_1", "nobody").unwrap();
    assert_eq!((stands("con_1"), stands("con_2")), (("nobody".into(), false), ("sealed".into(), true)));
    assert_eq!(closed(&store), None);
    forget_person(at(&store, NOW), "a", "con_2", "nobody").unwrap();
    forget_person(at(&store, NOW), "a", "con_2", "nobody").unwrap();
    assert_eq!((stands("con_2").1, closed(&store).as_deref()), (false, Some("consent_revoked")));
    let kept = find_consents(&store, "a").unwrap();
    assert!(kept.iter().all(|consent| consent.purpose == "to host a shop" && consent.evidence_sha256.len() == 64));
    assert_eq!(forget_person(at(&store, NOW), "a", "con_9", "x"), Err(Refusal::NotFound("consent")));
}

/// A log that can't be written to.
struct Deaf;

impl tenancy::Journal for Deaf {
    fn note(&self, _: &tenancy::Event) -> Result<(), kv_schemas::StoreError> {
        Err(kv_schemas::StoreError::Unavailable("the log is away".into()))
    }
}

#[test]
fn aud_4_nothing_changes_that_cannot_be_noted() {
    let link_asked = || parse_link(&json!({"module": "shop", "mode": "host"})).unwrap();
    let wallet = json!({"creator_wallet": format!("0x{}", "1f".repeat(20))});
    type Change<'a> = (&'a str, &'a dyn Fn(Place<'_>) -> Result<(), Refusal>);
    let changes: [Change<'_>; 8] = [
        ("create", &|at| create(at, "b", mtid(2), traits("Viv"), consent(1)).map(drop)),
        ("patch", &|at| patch(at, "a", &json!({"emotion": 9})).map(drop)),
        ("retire", &|at| retire(at, "a")),
        ("deploy", &|at| deploy(at, "a", Environment::Production).map(drop)),
        ("link", &|at| link(at, "a", link_asked()).map(drop)),
        ("license", &|at| license(at, "a", parse_licence(&wallet, NOW).unwrap()).map(drop)),
        ("give", &|at| give_consent(at, "a", consent(2))),
        ("revoke", &|at| revoke_consent(at, "a", "con_1")),
    ];
    for (name, change) in changes {
        let store = Memory::default();
        twinned(&store);
        tenant(&store, "b");
        let before = store.dump();
        let refused = change(Place { store: &store, now: NOW, journal: &Deaf });
        assert!(matches!(refused, Err(Refusal::Store(_))), "{name}: {refused:?}");
        let mut after = store.dump();
        after.retain(|key, _| !key.starts_with("twin-mark/") && !key.starts_with("twin-changing/"));
        assert_eq!(after, before, "{name}");
        // Nobody has to wait for who failed.
        change(at(&store, NOW)).unwrap();
    }
}
