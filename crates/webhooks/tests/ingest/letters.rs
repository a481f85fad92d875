//! Dead letters of one tenant, page by page, however many another one has.

use webhooks::ingest::{Letters, Origin, Outcome, Wanted, dead_letters, find_dead_letters, stored};

use crate::house::{NOW, at_desk, house, origin, send_from, unreadable};

fn bury(store: &kv_schemas::memory::Memory, tenant: &str, ids: std::ops::Range<usize>) {
    let origin = Origin { tenant: tenant.into(), ..origin(None) };
    for n in ids {
        send_from(store, NOW, &origin, &format!("e{n}"), &unreadable()).unwrap();
    }
}

fn tenants(letters: &Letters) -> Vec<&str> {
    letters.found.iter().map(|letter| letter.tenant.as_str()).collect()
}

#[test]
fn the_noise_of_one_tenant_hides_no_other() {
    let store = house();
    bury(&store, "quiet", 0..1);
    bury(&store, "noisy", 0..2_100);
    let find = |tenant: &str, before: Option<u64>, limit: usize| {
        find_dead_letters(&store, &Wanted { tenant: Some(tenant.into()), before, limit }).unwrap()
    };
    let first = find("quiet", None, 10);
    assert_eq!((tenants(&first), first.next), (vec![], Some(102)), "only so much is looked at for one answer");
    let second = find("quiet", first.next, 10);
    assert_eq!((tenants(&second), second.next), (vec!["quiet"], None));
    assert_eq!(tenants(&find("noisy", None, 3)), ["noisy"; 3]);
    assert_eq!(find("nobody", Some(1), 10), Letters { found: vec![], next: None });

    // All of them, page by page, each once.
    let (mut before, mut met) = (None, std::collections::BTreeSet::new());
    loop {
        let page = find_dead_letters(&store, &Wanted { tenant: None, before, limit: 800 }).unwrap();
        assert!(page.found.iter().all(|letter| met.insert(letter.id.clone())));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(met.len(), 2_101);
}

/// Each replay that fails is written down anew, and so the event is in two places of the list.
#[test]
fn an_event_is_on_one_page() {
    let store = house();
    bury(&store, "demo", 0..1);
    let id = dead_letters(&store, 1).unwrap()[0].id.clone();
    bury(&store, "demo", 1..2);
    let event = stored(&store, &id).unwrap().unwrap();
    assert!(matches!(at_desk(&store, NOW, &unreadable(), |desk| desk.replay(&event)), Ok(Outcome::Dead(_))));
    let page = |before: Option<u64>| find_dead_letters(&store, &Wanted { tenant: None, before, limit: 1 }).unwrap();
    let (first, second) = (page(None), page(Some(3)));
    assert_eq!((first.found[0].id.as_str(), first.found[0].attempts, first.next), (id.as_str(), 2, Some(3)));
    assert_ne!(second.found[0].id, id);
    let third = page(second.next);
    assert_eq!((third.found, third.next), (vec![], None));
}
