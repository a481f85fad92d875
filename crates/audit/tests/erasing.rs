//! Erasures take their time, and nobody else's: how late one ends, how many may be under way, and in which turn.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use audit::{
    EraseError, Erasure, ErasureRequest, ErasureStatus, Filter, LOOK_MS, MAX_PENDING_ERASURES, Retention, SALT_BYTES,
    SETTLE_MS, Staged, append, erase, erasure, retain,
};
use calendar::{HOUR, MINUTE, Millis, SECOND};
use common::{NOW, entry, everything, sequence};
use kv_schemas::{Store, memory::Memory};

fn stage(store: &dyn Store, id: &str, tenant: &str, session: &str) {
    let personal = Some(session.to_owned());
    append(store, &Staged::new(entry(id, tenant, 2), [[7; SALT_BYTES], [8; SALT_BYTES]], personal, "req_1".into()))
        .unwrap();
}

fn ask(store: &dyn Store, tenant: &str, session: &str) -> Result<Erasure, EraseError> {
    let filter = if tenant.is_empty() { Filter::All } else { Filter::Tenant(tenant.into()) };
    erase(store, ErasureRequest { filter, company: "acme".into(), session_id: session.into(), salt: [9; SALT_BYTES] })
}

fn maintain(store: &dyn Store, now: Millis, limit: u32) {
    sequence(store, now, 1_000).unwrap();
    retain(store, now, &Retention::default(), limit).unwrap();
}

fn is_done(store: &dyn Store, id: &str) -> bool {
    erasure(store, id).unwrap().unwrap().status == ErasureStatus::Done
}

/// Entries of the session whose data is there.
fn left(store: &Memory, session: &str) -> usize {
    let personal = everything(store, Filter::All).into_iter().filter_map(|item| item.opening);
    personal.filter(|personal| personal.session_id.as_deref() == Some(session)).count()
}

/// Maintenance comes this often; an event of the session waits in another component's outbox, and is staged by the run
/// that comes so long after the erasure was asked for.
#[test]
fn what_was_on_its_way_to_the_log_is_covered() {
    for period in [SECOND, 7 * SECOND, 30 * SECOND, MINUTE] {
        for runs in 0..=SETTLE_MS / period {
            // Three runs a minute apart are the fewest that may see it.
            if runs > 45 && runs % 20 != 0 && runs * period < SETTLE_MS - 2 * SECOND {
                continue;
            }
            let store = Memory::default();
            stage(&store, "lc_1", "a", "ses_1");
            sequence(&store, NOW, 1_000).unwrap();
            let id = ask(&store, "a", "ses_1").unwrap().id;
            let done_after = (0..1_000).find(|run| {
                if *run == runs {
                    stage(&store, "evt_ended", "a", "ses_1");
                }
                maintain(&store, NOW.plus(run * period), 1_000);
                is_done(&store, &id)
            });
            let took = done_after.unwrap() * period;
            let text = format!("staged {} ms after, done {took} ms after", runs * period);
            assert!(took >= SETTLE_MS && took < SETTLE_MS + 5 * LOOK_MS + 3 * period, "{text}");
            assert_eq!((left(&store, "ses_1"), erasure(&store, &id).unwrap().unwrap().erased), (0, 2), "{text}");
        }
    }
}

#[test]
fn what_is_in_the_log_goes_early() {
    let store = Memory::default();
    stage(&store, "lc_1", "a", "ses_1");
    let id = ask(&store, "a", "ses_1").unwrap().id;
    for second in 0..60 {
        maintain(&store, NOW.plus(second * SECOND), 1_000);
    }
    assert_eq!((left(&store, "ses_1"), is_done(&store, &id)), (0, false));
    assert_eq!(erasure(&store, &id).unwrap().unwrap().erased, 1);
}

/// It waits from when it was last asked for.
#[test]
fn a_repeat_has_it_wait_anew() {
    let check = |repeat_after: u64, period: u64| {
        let store = Memory::default();
        let id = ask(&store, "a", "ses_1").unwrap().id;
        let mut asked = NOW;
        let done = (0..1_000).map(|run| NOW.plus(run * period)).find(|now| {
            if *now >= NOW.plus(repeat_after) && asked == NOW {
                asked = *now;
                assert_eq!(ask(&store, "a", "ses_1").unwrap().id, id);
            }
            maintain(&store, *now, 1_000);
            is_done(&store, &id)
        });
        let took = done.unwrap().since(asked);
        assert!((SETTLE_MS..SETTLE_MS + 8 * LOOK_MS + 2 * period).contains(&took), "{repeat_after} {period}: {took}");
    };
    for repeat_after in [5 * SECOND, 29 * SECOND, MINUTE, 2 * MINUTE, 179 * SECOND, SETTLE_MS] {
        check(repeat_after, SECOND);
        check(repeat_after, 10 * SECOND);
    }
    check(MINUTE, MINUTE);
}

/// After a standstill one run carries over only so much of what has piled up.
#[test]
fn a_standstill_is_no_time_in_which_anything_got_to_the_log() {
    let store = Memory::default();
    let id = ask(&store, "a", "ses_1").unwrap().id;
    maintain(&store, NOW, 1_000);
    for second in 0..60 {
        maintain(&store, NOW.plus(HOUR + second * SECOND), 1_000);
        assert!(!is_done(&store, &id), "{second}");
    }
    stage(&store, "evt_ended", "a", "ses_1");
    for second in 60..300 {
        maintain(&store, NOW.plus(HOUR + second * SECOND), 1_000);
    }
    assert!(is_done(&store, &id));
    assert_eq!(left(&store, "ses_1"), 0);
}

#[test]
fn a_tenant_has_so_many_under_way() {
    let store = Memory::default();
    for tenant in ["a", ""] {
        for n in 0..MAX_PENDING_ERASURES {
            ask(&store, tenant, &format!("ses_{n}")).unwrap();
        }
        assert_eq!(ask(&store, tenant, "ses_more"), Err(EraseError::TooMany), "{tenant}");
        assert_eq!(ask(&store, tenant, "ses_7").unwrap().status, ErasureStatus::Pending, "asked again it is the same");
    }
    let of_another = ask(&store, "b", "ses_more").unwrap().id;
    for second in 0..300 {
        maintain(&store, NOW.plus(second * SECOND), 1_000);
    }
    assert!(is_done(&store, &of_another) && is_done(&store, "era_1") && is_done(&store, "era_200"));
    assert!(everything(&store, Filter::All).is_empty(), "what changes nothing logs nothing");
    for tenant in ["a", ""] {
        assert_eq!(ask(&store, tenant, "ses_more").unwrap().status, ErasureStatus::Pending);
    }
}

/// Tenants with long lists who ask for all that they may: another's data goes after a few runs all the same.
#[test]
fn who_asks_for_many_keeps_nobody_waiting() {
    let check = |tenants: usize, most: u64| {
        let store = Memory::default();
        for n in 0..300 {
            stage(&store, &format!("lc_{n}"), "flood_0", "ses_x");
        }
        for n in 0..40 {
            stage(&store, &format!("lc_b{n}"), "b", "ses_1");
        }
        // The log lies still.
        for look in 0..4 {
            maintain(&store, NOW.plus(look * LOOK_MS), 100);
        }
        for tenant in 0..tenants {
            for n in 0..MAX_PENDING_ERASURES {
                ask(&store, &format!("flood_{tenant}"), &format!("ses_{n}")).unwrap();
            }
        }
        let id = ask(&store, "b", "ses_1").unwrap().id;
        let start = NOW.plus(4 * LOOK_MS);
        let gone = (1..1_000).find(|run| {
            maintain(&store, start.plus(run * SECOND), 100);
            left(&store, "ses_1") == 0
        });
        assert!(gone.is_some_and(|runs| runs <= most), "{tenants}: gone after {gone:?} runs");
        let done = (gone.unwrap()..1_000).find(|run| {
            maintain(&store, start.plus(run * SECOND), 100);
            is_done(&store, &id)
        });
        assert!(done.is_some_and(|runs| runs * SECOND < SETTLE_MS + 4 * LOOK_MS), "{tenants}: done after {done:?}");
    };
    check(0, 1);
    check(1, 2);
    check(5, 8);
}
