//! Three entries: two in the log, one staged; an erasure that was begun; and a sequencer run that broke off.

use audit::{
    Entry, ErasureRequest, ErasureStatus, Filter, LOOK_MS, Retention, Scope, Signer, Snapshot, Staged, VERSION,
};
use calendar::MINUTE;
use kv_schemas::{Store, memory::Memory};
use limits::{Amount, Correction};
use money::Nanos;

use super::{NOW, crashed, permits::CHARGED};

fn staged(id: &str, after: u64) -> Staged {
    let entry = Entry {
        v: VERSION,
        tenant_id: "demo".into(),
        company: "acme".into(),
        event_type: "TWIN_INTERACTION".into(),
        provider: "tavus".into(),
        model: String::new(),
        units_consumed: 12,
        unit_type: "seconds".into(),
        cost_nanos: Nanos(120_000_000),
        limit_check_id: id.into(),
        channel: "widget".into(),
        capability: "video".into(),
        settlement: "exact".into(),
        at_ms: NOW.plus(after),
        ..Entry::default()
    };
    let session = (id == CHARGED).then(|| "ses_1".into());
    Staged::new(entry, [[7; 16], [8; 16]], session, "req_1".into())
}

fn signer() -> Signer {
    Signer::new("log.example/test", [7; 32]).unwrap()
}

pub fn told(store: Memory) -> Memory {
    for (n, id) in [CHARGED, "lc_second"].into_iter().enumerate() {
        let stage = audit::append(&store, &staged(id, 1)).unwrap();
        assert_eq!(stage, n as u64 + 1);
    }
    audit::sequence(&store, NOW.plus(MINUTE), 100, &signer()).unwrap();
    let more_than_it_cost =
        Correction { corrects: CHARGED.into(), amount: Amount::Cost(Nanos(-9_000_000_000)), reason: "a typo".into() };
    limits::correct(&store, NOW.plus(2), "lc_corrects", &more_than_it_cost, "req_2", None).unwrap_err();
    let store = erasing(store);
    audit::append(&store, &staged("lc_third", 2)).unwrap();
    let sequence = |store: &Memory| drop(audit::sequence(store, NOW.plus(2 * MINUTE), 100, &signer()));
    crashed(&store, sequence, |store| store.exists("sequencer-mark").unwrap())
}

/// A session's erasure that was begun, and broke off.
fn erasing(store: Memory) -> Memory {
    let session_id = "ses_another".into();
    let filter = Filter::Tenant("demo".into());
    audit::erase(&store, ErasureRequest { filter, company: "acme".into(), session_id, salt: [9; 16] }).unwrap();
    let days = Retention::parse("admin=365").unwrap();
    let retain = |store: &Memory, look: u64| audit::retain(store, NOW.plus(MINUTE + look * LOOK_MS), &days, 1);
    for look in 0..3 {
        retain(&store, look).unwrap();
    }
    crashed(&store, |store| drop(retain(store, 3)), |store| store.exists("erasure-mark").unwrap())
}

/// As far as the release that wrote it knew of erasures.
fn erasing_goes_on(store: &Memory) {
    let Some(begun) = audit::erasure(store, "era_1").unwrap() else { return };
    assert_eq!((begun.status, begun.erased), (ErasureStatus::Pending, 0));
    for look in 0..30 {
        audit::retain(store, NOW.plus(20 * MINUTE + look * LOOK_MS), &Retention::default(), 100).unwrap();
    }
    assert_eq!(audit::erasure(store, "era_1").unwrap().unwrap().status, ErasureStatus::Done);
}

pub fn goes_on(store: &Memory) {
    let listed = |filter| Snapshot::take(store, filter).unwrap().len();
    let settled = || audit::totals(store, Scope::Company, "acme", "2026-11").unwrap().settled_nanos;
    assert_eq!((listed(Filter::All), listed(Filter::Tenant("demo".into())), settled()), (3, 3, 360_000_000));
    let done = audit::sequence(store, NOW.plus(10 * MINUTE), 100, &signer()).unwrap();
    assert_eq!((done.size, done.staged), (3, 0), "the run that broke off is replaced");
    let page = Snapshot::take(store, Filter::All).unwrap().page(store, &Default::default(), Default::default(), 9);
    assert_eq!(page.unwrap().0.iter().map(|item| item.seq).collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
    assert_eq!(audit::append(store, &staged(CHARGED, 1)).unwrap(), 1, "a repeat is known");
    assert_eq!(settled(), 360_000_000);
    erasing_goes_on(store);
}
