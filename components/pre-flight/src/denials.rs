//! Denials as events: the tenant's server hears that a limit stands in its visitors' way.

use calendar::Millis;
use events::Event;
use kv_schemas::{Store, StoreError};
use limits::{Denial, DenialKind, Reservation};
use serde_json::json;

/// Tells of a denial by a limit, once a minute at most for each limit and session. Who waits in the queue isn't denied yet.
pub fn tell(store: &dyn Store, now: Millis, id: &str, asked: &Reservation, denial: &Denial) -> Result<(), StoreError> {
    let kind = match denial.kind {
        DenialKind::HardCap => "hard_cap",
        DenialKind::Burst => "burst",
        DenialKind::RateLimited => "rate_limited",
        DenialKind::Invalid | DenialKind::Conflict | DenialKind::Forbidden | DenialKind::Offline => return Ok(()),
    };
    if denial.ticket.is_some() {
        return Ok(());
    }
    let data = json!({
        "type": kind,
        "code": denial.code,
        "message": denial.message,
        "limit_check_id": id,
        "capability": asked.capability,
        "provider": asked.provider,
    });
    let session = asked.session.as_deref();
    let event = Event::new("limit.denied", id, now, session, data);
    let key = format!("{}/{}", denial.code, session.unwrap_or_default());
    events::emit_at_most_once_a_minute(store, &asked.tenant, &event, &key, now)
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;
    use limits::Holder;

    use super::*;

    const NOW: Millis = Millis(1_795_000_020_000);

    fn asked(session: Option<&str>) -> Reservation {
        Reservation {
            tenant: "t".into(),
            session: session.map(str::to_owned),
            credential: "key".into(),
            server: false,
            holder: Holder::Gate,
            capability: "video".into(),
            provider: "v".into(),
            model: String::new(),
            channel: String::new(),
            request_id: "req".into(),
            worst_case: Vec::new(),
            ttl_ms: 1,
            idempotency_key: None,
            continues: None,
            counted: false,
            ticket: None,
        }
    }

    fn denial(kind: DenialKind, code: &str, ticket: Option<u64>) -> Denial {
        Denial { kind, code: code.into(), message: "No.".into(), param: None, retry_after_ms: None, ticket }
    }

    fn check(rows: &[(u64, Option<&str>, Denial)], told: &[(&str, Option<&str>)]) {
        let store = Memory::default();
        for (after, session, denial) in rows {
            tell(&store, NOW.plus(after * 1_000), "lc_1", &asked(*session), denial).unwrap();
        }
        let page = events::read(&store, "t", 0, 100).unwrap();
        let found: Vec<(String, Option<String>)> = page
            .events
            .into_iter()
            .map(|(_, event)| (event.data["code"].as_str().unwrap_or_default().to_owned(), event.session))
            .collect();
        let told: Vec<_> =
            told.iter().map(|(code, session)| ((*code).to_owned(), session.map(str::to_owned))).collect();
        assert_eq!(found, told, "{rows:?}");
    }

    #[test]
    fn a_limit_is_told_once_a_minute_and_session() {
        let cap = || denial(DenialKind::HardCap, "monthly_cap", None);
        let burst = || denial(DenialKind::Burst, "burst", None);
        check(&[(0, None, cap())], &[("monthly_cap", None)]);
        check(&[(0, None, cap()), (30, None, cap())], &[("monthly_cap", None)]);
        check(&[(0, None, cap()), (60, None, cap())], &[("monthly_cap", None), ("monthly_cap", None)]);
        check(&[(0, None, cap()), (1, None, burst())], &[("monthly_cap", None), ("burst", None)]);
        let sessions = [("monthly_cap", Some("ses_1")), ("monthly_cap", Some("ses_2"))];
        check(&[(0, Some("ses_1"), cap()), (1, Some("ses_2"), cap()), (2, Some("ses_1"), cap())], &sessions);
    }

    #[test]
    fn what_no_limit_denies_is_not_told() {
        for kind in [DenialKind::Invalid, DenialKind::Conflict, DenialKind::Forbidden, DenialKind::Offline] {
            check(&[(0, None, denial(kind, "code", None))], &[]);
        }
        check(&[(0, None, denial(DenialKind::Burst, "burst", Some(7)))], &[]);
        check(
            &[(0, None, denial(DenialKind::RateLimited, "requests_per_minute", None))],
            &[("requests_per_minute", None)],
        );
    }
}
