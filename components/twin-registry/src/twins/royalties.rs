//! `GET /v1/twins/{id}/royalties/{YYYY-MM}`: what a month came to in the log, to the cent, split, with the receipts that
//! prove it.

use audit::{InvoiceStatus, Item, Month, MonthPage, month_page};
use calendar::Millis;
use kv_schemas::Store;
use serde::Serialize;
use serde_json::value::RawValue;
use shell::{Call, KeyValue, Problem, Reply, host, offline};
use twins::{Twin, dollars, split};

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 200;
/// The creator's part while nobody has said another.
const CREATOR_SHARE: u8 = 80;

/// The statement.
pub fn get(call: &Call, store: &KeyValue, twin: &Twin, month: &str) -> Result<Reply, Problem> {
    let month =
        Month::parse(month).ok_or_else(|| Problem::invalid("month", "month must be a month such as 2026-11"))?;
    let limit = shell::page::limit(call.query("limit").as_deref(), DEFAULT_PAGE, MAX_PAGE)?;
    let start = super::cursor(call)?;
    Ok(Reply::json(200, &statement(store, host::now(), twin, &month, start, limit)?))
}

fn statement(
    store: &dyn Store,
    now: Millis,
    twin: &Twin,
    month: &Month,
    start: u64,
    limit: usize,
) -> Result<Statement, Problem> {
    let MonthPage { total, entries, status, items, next } =
        month_page(store, now, &twin.tenant, month, start, limit).map_err(|error| offline(&error))?;
    let licence = twin.licence_in(month.name());
    let share_percent = licence.map_or(CREATOR_SHARE, |licence| licence.creator_share);
    let parts = split(total, share_percent);
    Ok(Statement {
        twin_id: twin.id.to_string(),
        month: month.name().into(),
        currency: "USD",
        exact: total.to_string(),
        total: dollars(parts.total_cents),
        creator: Creator {
            wallet: licence.map(|licence| licence.creator_wallet.clone()),
            share_percent,
            amount: dollars(parts.creator_cents),
        },
        platform: Platform { amount: dollars(parts.platform_cents) },
        is_final: status == InvoiceStatus::Final,
        entries,
        receipts: items.iter().map(receipt).collect(),
        next_cursor: next.map(|next| next.to_string()),
    })
}

fn receipt(Item { entry, .. }: &Item) -> Receipt {
    Receipt {
        limit_check_id: entry.limit_check_id.clone(),
        stage: entry.capability.clone(),
        // As the log has it: a number that was never a float.
        cost_amount: RawValue::from_string(entry.cost_nanos.to_string()).ok(),
        proof: format!("/v1/audit/entries/{}/proof", entry.limit_check_id),
    }
}

/// A month of a twin.
#[derive(Serialize)]
struct Statement {
    twin_id: String,
    month: String,
    currency: &'static str,
    /// The sum of all receipts.
    exact: String,
    /// The same in cents, rounded half up, once.
    total: String,
    creator: Creator,
    platform: Platform,
    #[serde(rename = "final")]
    is_final: bool,
    entries: u64,
    receipts: Vec<Receipt>,
    next_cursor: Option<String>,
}

/// Who made the twin gets so much, rounded down.
#[derive(Serialize)]
struct Creator {
    wallet: Option<String>,
    share_percent: u8,
    amount: String,
}

/// Who runs it gets the rest.
#[derive(Serialize)]
struct Platform {
    amount: String,
}

/// One entry of the log.
#[derive(Serialize)]
struct Receipt {
    limit_check_id: String,
    stage: String,
    cost_amount: Option<Box<RawValue>>,
    proof: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use audit::{Entry, Staged, VERSION};
    use kv_schemas::memory::Memory;
    use money::Nanos;
    use serde_json::{Value as Json, json};

    use super::*;

    /// 2026-11-30T23:59:59Z
    const NOW: Millis = Millis(1_796_083_199_000);

    fn twin(licence: Json) -> Twin {
        let twin = json!({"id": "MTID#7K3Q-9D2M-XW4B", "tenant": "a", "name": "Travis", "behavior_mode": "host",
            "created_at": 1, "updated_at": 1, "licence": licence});
        serde_json::from_value(twin).unwrap()
    }

    fn spend(store: &Memory, n: usize, nanos: i64) {
        let entry = Entry {
            v: VERSION,
            tenant_id: "a".into(),
            event_type: "TWIN_INTERACTION".into(),
            cost_nanos: Nanos(nanos),
            limit_check_id: format!("lc_{n}"),
            capability: "chat".into(),
            at_ms: NOW,
            details: BTreeMap::new(),
            ..Entry::default()
        };
        audit::append(store, &Staged::new(entry, [[7; 16], [8; 16]], None, "req_1".into())).unwrap();
    }

    fn told(store: &Memory, twin: &Twin, start: u64, limit: usize) -> Json {
        let month = Month::parse("2026-11").unwrap();
        serde_json::from_str(
            &serde_json::to_string(&statement(store, NOW, twin, &month, start, limit).unwrap()).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn twn_4_a_statement_is_rounded_once_and_split_with_its_receipts() {
        let store = Memory::default();
        // Each rounds down to nothing, and together they are 12.34 and a bit.
        for n in 0..2_469 {
            spend(&store, n, 4_998_000);
        }
        let wallet = format!("0x{}", "1f".repeat(20));
        let twin = twin(json!({"creator_wallet": wallet, "creator_share": 80, "at": 1}));
        let first = told(&store, &twin, 0, 200);
        assert_eq!((&first["exact"], &first["total"]), (&json!("12.340062"), &json!("12.34")));
        assert_eq!(first["creator"], json!({"wallet": wallet, "share_percent": 80, "amount": "9.87"}));
        assert_eq!((&first["platform"]["amount"], &first["final"]), (&json!("2.47"), &json!(false)));
        assert_eq!((&first["entries"], &first["next_cursor"]), (&json!(2_469), &json!("200")));
        let receipt = json!({"limit_check_id": "lc_0", "stage": "chat", "cost_amount": 0.004_998,
            "proof": "/v1/audit/entries/lc_0/proof"});
        assert_eq!(first["receipts"][0], receipt);
        let (mut nanos, mut start) = (0, 0);
        while let Some(next) = {
            let page = told(&store, &twin, start, 200);
            for receipt in page["receipts"].as_array().unwrap() {
                nanos += Nanos::parse_usd(&receipt["cost_amount"].to_string()).unwrap().0;
            }
            page["next_cursor"].as_str().map(|next| next.parse().unwrap())
        } {
            start = next;
        }
        assert_eq!(Nanos(nanos).to_string(), "12.340062", "the receipts add up to the sum");
    }

    #[test]
    fn twn_4_who_agrees_to_less_later_keeps_what_a_month_has_earned() {
        let store = Memory::default();
        spend(&store, 1, 10_000_000_000);
        let agreed = |share: u8, at: Millis| json!({"creator_wallet": "0x1", "creator_share": share, "at": at});
        let mut twin = twin(agreed(1, NOW.plus(calendar::DAY)));
        twin.past_licences = serde_json::from_value(json!([agreed(80, Millis(1))])).unwrap();
        assert_eq!(told(&store, &twin, 0, 10)["creator"]["amount"], "8.00");
    }

    #[test]
    fn twn_4_amounts_are_exact_however_large_and_a_month_of_credits_owes_nobody() {
        let store = Memory::default();
        spend(&store, 1, 9_007_199_254_740_993_001);
        let shown = serde_json::to_string(
            &statement(&store, NOW, &twin(Json::Null), &Month::parse("2026-11").unwrap(), 0, 1).unwrap(),
        )
        .unwrap();
        assert!(shown.contains(r#""cost_amount":9007199254.740993001,"#), "{shown}");
        let store = Memory::default();
        spend(&store, 1, -5_000_000_000);
        let credited = told(&store, &twin(Json::Null), 0, 10);
        assert_eq!((&credited["exact"], &credited["total"]), (&json!("-5.00"), &json!("0.00")));
        assert_eq!(credited["creator"], json!({"wallet": null, "share_percent": 80, "amount": "0.00"}));
    }
}
