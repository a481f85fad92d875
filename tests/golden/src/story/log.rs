//! Three entries: two in the log, one staged; and a sequencer run that broke off.

use audit::{Entry, Filter, Scope, Snapshot, VERSION};
use calendar::MINUTE;
use kv_schemas::{Store, memory::Memory};
use money::Nanos;

use super::{NOW, crashed, permits::CHARGED};

fn entry(id: &str, after: u64) -> Entry {
    Entry {
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
        session_id: (id == CHARGED).then(|| "ses_1".into()),
        request_id: "req_1".into(),
        channel: "widget".into(),
        capability: "video".into(),
        settlement: "exact".into(),
        at_ms: NOW.plus(after),
    }
}

pub fn told(store: Memory) -> Memory {
    for (n, id) in [CHARGED, "lc_second"].into_iter().enumerate() {
        let stage = audit::append(&store, &entry(id, 1)).unwrap();
        assert_eq!(stage, n as u64 + 1);
    }
    audit::sequence(&store, NOW.plus(MINUTE), 100).unwrap();
    audit::append(&store, &entry("lc_third", 2)).unwrap();
    let sequence = |store: &Memory| drop(audit::sequence(store, NOW.plus(2 * MINUTE), 100));
    crashed(&store, sequence, |store| store.exists("sequencer-mark").unwrap())
}

pub fn goes_on(store: &Memory) {
    let listed = |filter| Snapshot::take(store, filter).unwrap().len();
    let settled = || audit::totals(store, Scope::Company, "acme", "2026-11").unwrap().settled_nanos;
    assert_eq!((listed(Filter::All), listed(Filter::Tenant("demo".into())), settled()), (3, 3, 360_000_000));
    let done = audit::sequence(store, NOW.plus(10 * MINUTE), 100).unwrap();
    assert_eq!((done.size, done.staged), (3, 0), "the run that broke off is replaced");
    let page = Snapshot::take(store, Filter::All).unwrap().page(store, Default::default(), Default::default(), 9);
    assert_eq!(page.unwrap().0.iter().map(|item| item.seq).collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
    assert_eq!(audit::append(store, &entry(CHARGED, 1)).unwrap(), 1, "a repeat is known");
    assert_eq!(settled(), 360_000_000);
}
