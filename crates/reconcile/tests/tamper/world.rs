//! A store with everything in it: tenants, kinds of entries, corrections, and more than two full tiles of them.

use audit::{Entry, Staged, VERSION};
use calendar::Millis;
use kv_schemas::memory::Memory;
use limits::{Amount, Correction, Holder, Reservation, Used, correct, reserve};
use money::{Nanos, Quantity};

use crate::common::{NOW, SIGNER, seconds, settle, store};

/// When the store is looked at.
pub const LATER: Millis = Millis(NOW.0 + 60_000);
/// Events beside the settled permits, so that whole tiles are full.
const EVENTS: usize = 580;

pub fn world() -> Memory {
    let limits = r#"{"monthly_cost_usd":"90.00","daily_units":{"seconds":9000,"tokens":50000},"burst":90,
        "session_cost_usd":"20.00","session_units":{"seconds":1000}}"#;
    let store = store(limits, r#"{"monthly_cost_usd":"200.00","burst":200}"#);
    for (tenant, company) in [("u", "c"), ("w", "d")] {
        let json = format!(r#"{{"id":"{tenant}","company":"{company}","limits":{{"monthly_cost_usd":"50.00"}}}}"#);
        tenancy::tenant(tenant).set(&store, &serde_json::from_str(&json).unwrap()).unwrap();
    }
    tenancy::company("d").set(&store, &serde_json::from_str(r#"{"id":"d","limits":{}}"#).unwrap()).unwrap();
    let mut events = 0..EVENTS;
    for turn in 0..6 {
        permits(&store, turn);
        for n in events.by_ref().take(100) {
            audit::append(&store, &event(n)).unwrap();
        }
        audit::sequence(&store, NOW.plus(turn), 1_000, &SIGNER).unwrap();
    }
    reserve(&store, NOW, "lc_held", &seconds(30)).unwrap();
    reserve(&store, NOW, "lc_charged", &seconds(8)).unwrap();
    limits::charge(&store, "lc_charged", &used(6)).unwrap();
    store
}

fn used(units: u64) -> Used {
    Used::Actual(vec![Quantity::new("seconds", units)])
}

/// Five settled permits of three tenants, one of a session, and a correction.
fn permits(store: &Memory, turn: u64) {
    let settled = |id: &str, asked: Reservation, used: &Used| {
        let id = format!("lc_{id}_{turn}");
        reserve(store, NOW.plus(turn), &id, &asked).unwrap();
        settle(store, &id, used).unwrap();
    };
    settled("exact", seconds(30), &used(12 + turn));
    settled("other", Reservation { tenant: "u".into(), ..seconds(7) }, &Used::Unknown);
    settled("third", Reservation { tenant: "w".into(), ..seconds(9) }, &used(5));
    let page = Reservation { session: Some("ses_1".into()), holder: Holder::Page, ..seconds(20) };
    settled("page", page, &used(6));
    let worst = vec![Quantity::new("input_tokens", 100), Quantity::new("output_tokens", 50)];
    let kinds = [("input_tokens", 10 + turn), ("output_tokens", 30)];
    let tokens = Used::Actual(kinds.map(|(unit, n)| Quantity::new(unit, n)).into());
    settled("chat", Reservation { capability: "chat".into(), worst_case: worst, ..seconds(1) }, &tokens);

    let asked = Correction {
        corrects: format!("lc_exact_{turn}"),
        amount: Amount::Cost(Nanos(-10_000_000)),
        reason: "a credit".into(),
    };
    let id = format!("lc_credit_{turn}");
    let decided = correct(store, NOW.plus(turn), &id, &asked, "req", None).unwrap().unwrap();
    let stage = audit::append(store, &decided.entry().unwrap().into()).unwrap();
    limits::close(store, &id, stage).unwrap();
}

/// Sessions of tenants, and now and then something that an operator did, which is nobody's.
fn event(n: usize) -> Staged {
    let kinds = ["SESSION_STARTED", "SESSION_ENDED", "LIMITS_CHANGED", "PRICES_CHANGED"];
    let tenants = [("t", "c"), ("u", "c"), ("w", "d"), ("", "")];
    // Most are nobody's.
    let (tenant, company) = tenants[(n % 16).min(3)];
    let entry = Entry {
        v: VERSION,
        tenant_id: tenant.into(),
        company: company.into(),
        event_type: if tenant.is_empty() { "COMPANY_LIMITS_CHANGED" } else { kinds[n / 16 % 4] }.into(),
        limit_check_id: format!("evt_{n:04}"),
        at_ms: NOW.plus(n as u64),
        ..Entry::default()
    };
    let salts = [[n as u8; 16], [(n / 3) as u8; 16]];
    // Every tenth with personal data.
    let session = n.is_multiple_of(10).then(|| format!("ses_{n}"));
    Staged::new(entry, salts, session, if n.is_multiple_of(10) { "req" } else { "" }.into())
}
