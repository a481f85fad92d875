//! The pages of the list of sessions: bounded, and each goes on where the last one ended, whoever comes and goes meanwhile.

use calendar::{DAY, MINUTE, Millis};
use kv_schemas::{families, memory::Memory};
use serde_json::{Value as Json, json};

use super::{house::*, listing::*};
use crate::*;

/// All pages from the first on, while `between` happens after each.
fn pages(store: &Memory, asked: &Asked, at: Millis, mut between: impl FnMut()) -> Vec<u64> {
    let (mut found, mut cursor) = (Vec::new(), None);
    for _ in 0..1_000 {
        let page = list(store, at, &Asked { cursor, ..asked.clone() }).unwrap();
        assert!(page.sessions.len() <= asked.limit);
        found.extend(ids(&page).iter().map(|id| id[4..].parse::<u64>().unwrap()));
        between();
        cursor = page.next_cursor;
        if cursor.is_none() {
            return found;
        }
    }
    panic!("the list has no end");
}

#[test]
fn ses_6_a_page_goes_on_where_the_last_one_ended_while_sessions_are_opened_and_swept() {
    for limit in 1..=6 {
        let store = house();
        (1..=5).for_each(|n| drop(page(&store, n, NOW)));
        let (asked, mut n) = (Asked { limit, ..all() }, 5);
        let newcomers = || {
            (0..3).for_each(|_| {
                n += 1;
                page(&store, n, NOW.plus(1));
            });
        };
        assert_eq!(pages(&store, &asked, NOW.plus(1), newcomers), [5, 4, 3, 2, 1], "{limit}");
    }
    // The sweep takes away what is still to come: the list ends there, and an old cursor leads to its end.
    let store = house();
    for n in 1..=5 {
        page(&store, n, NOW);
        crate::end(&store, &format!("ses_{n}"), "page", NOW).unwrap();
    }
    let two = Asked { limit: 2, ..all() };
    let cursor = list(&store, NOW, &two).unwrap().next_cursor;
    page(&store, 6, NOW.plus(DAY));
    (0..3).for_each(|_| drop(overdue(&store, 10, NOW.plus(DAY)).unwrap()));
    assert_eq!(seen(&store, &Asked { cursor, ..two.clone() }, NOW.plus(DAY)), (vec![], false));
    // What was swept is neither looked at nor a reason to go on.
    store.fail_after(8);
    assert_eq!(seen(&store, &two, NOW.plus(DAY)), (vec![6], false));
}

#[test]
fn ses_6_one_page_looks_at_two_thousand_places_whoever_they_belong_to() {
    let store = house();
    page(&store, 1, NOW);
    let place = |n: u64| json!({"id": format!("ses_{n}"), "at": NOW.0, "tenant": "b"});
    let log = families::SESSION_LIST.log::<Json>(&[]);
    for n in 2..=4_501 {
        log.append(&store, &place(n)).unwrap();
    }
    let mut cursor = None;
    for (sessions, more) in [(0, true), (0, true), (1, false)] {
        // The tail, how far the sweep is, and one operation for each place of another tenant; a few for one of its own.
        store.fail_after(2 + 2_000 + 5);
        let page = list(&store, NOW, &Asked { cursor, ..of("a") }).unwrap();
        store.recover();
        assert_eq!((page.sessions.len(), page.next_cursor.is_some()), (sessions, more));
        cursor = page.next_cursor;
    }
    // Who wants the open ones is done with the first that is too old to be open.
    let open = Asked { which: Which::Open, ..of("a") };
    assert_eq!(seen(&store, &open, NOW.plus(2 * LIFETIME)), (vec![], false));
    store.fail_after(3);
    assert!(list(&store, NOW.plus(2 * LIFETIME), &open).is_ok());
}

#[test]
fn ses_6_a_cursor_of_no_page_is_refused() {
    let store = house();
    (1..=4).for_each(|n| drop(page(&store, n, NOW)));
    let cursor = list(&store, NOW, &Asked { limit: 2, ..all() }).unwrap().next_cursor.unwrap();
    let check = |text: &str, fits: bool| {
        let found = list(&store, NOW, &Asked { cursor: Some(text.into()), ..all() });
        let param = found.as_ref().err().map(|refusal| refusal.problem().param.unwrap());
        assert_eq!(param.as_deref(), (!fits).then_some("cursor"), "{text}");
    };
    check(&cursor, true);
    for text in
        ["", "s", "3", "s0", "s1", "s5", "s03", "s+3", "s-3", "s3 ", " s3", "S3", "s3.0", "s99999999999999999999"]
    {
        check(text, false);
    }
}

#[test]
fn ses_6_a_store_that_fails_shows_no_list() {
    let store = house();
    page(&store, 1, NOW.plus(MINUTE));
    for crash in 0..50 {
        store.fail_after(crash);
        let found = list(&store, NOW.plus(MINUTE), &all());
        store.recover();
        match found {
            Err(refusal) => assert_eq!(refusal.problem().kind.status(), 503, "crash after {crash}"),
            Ok(page) => return assert_eq!((ids(&page), crash), (vec!["ses_1"], 8)),
        }
    }
    panic!("never got through");
}
