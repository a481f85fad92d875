//! A session in use, one that its page has ended, and the sweep.

use calendar::{DAY, SECOND};
use kv_schemas::{Store, expiry};
use serde_json::json;
use session::{Asked, Seed, Which};

use super::{
    NOW,
    tenants::{ORIGIN, PUBLISHABLE, SECRET},
};

pub const ID: &str = "ses_1";

pub fn told(store: &dyn Store) {
    expiry::sweep(store, NOW.hour_number()).unwrap();
    let page = session::admit(store, Some(&format!("Bearer {PUBLISHABLE}")), Some(ORIGIN)).unwrap();
    session::count_open(store, NOW, &page, Some("192.0.2.7:51234")).unwrap();
    let server = session::admit(store, Some(&format!("Bearer {SECRET}")), None).unwrap();
    let ask = session::parse_ask(&json!({"channel": "widget", "consent": true, "age_attested": 30})).unwrap();
    for (caller, id) in [(&page, ID), (&server, "ses_2")] {
        let seed = Seed { id: id.into(), secret: "ab".repeat(32) };
        session::open(store, NOW, caller, &ask, None, &seed).unwrap();
    }
    session::touch(store, ID, 25 * SECOND, NOW.plus(SECOND)).unwrap();
    session::end(store, "ses_2", "page", NOW.plus(2 * SECOND)).unwrap();
    assert_eq!(session::overdue(store, 10, NOW.plus(30 * SECOND)).unwrap(), [ID]);
    let waiting = session::events(store, 1, NOW.plus(30 * SECOND)).unwrap();
    session::events_logged(store, &[waiting[0].0]).unwrap();
}

pub fn goes_on(store: &dyn Store) {
    let later = NOW.plus(60 * SECOND);
    let view = |id: &str| session::view(store, "demo", id, later).unwrap();
    assert_eq!(view(ID).ended_by.as_deref(), Some("missed_tick"));
    assert_eq!(view("ses_2").ended_by.as_deref(), Some("page"));
    // Also where an earlier release listed them, which didn't say whose they are.
    let listed = |tenant: &str| {
        let asked = Asked { tenant: Some(tenant.into()), which: Which::Ended, limit: 10, cursor: None };
        let page = session::list(store, later, &asked).unwrap();
        page.sessions.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!((listed("demo"), listed("other")), (vec!["ses_2".into(), ID.into()], vec![]));
    session::end(store, ID, "page", later).unwrap();
    session::overdue(store, 10, later).unwrap();
    session::overdue(store, 10, NOW.plus(2 * DAY)).unwrap();
    assert!(session::find(store, ID).unwrap().is_none(), "the list names it, so it is forgotten");
}
