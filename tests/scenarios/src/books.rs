//! What the gate has written down: entries of the log, and the counters of `GET /v1/usage`.

use std::time::Duration;

use serde_json::Value;

use crate::amounts::nanos;
use crate::caller::Caller;
use crate::eventually;

/// A settled permit's entry is in the log well within this time.
const LIMIT: Duration = Duration::from_secs(10);

/// The books as one caller may see them.
pub struct Books<'a>(pub &'a Caller);

impl Books<'_> {
    /// The entry of a permit, once it is there.
    #[track_caller]
    pub fn entry(&self, limit_check_id: &str) -> Value {
        let path = format!("/v1/audit/entries/{limit_check_id}");
        eventually(&format!("the entry of {limit_check_id}"), LIMIT, || {
            let answer = self.0.get(&path);
            (answer.status != 404).then(|| answer.expect(200))
        })
    }

    /// What the permit cost, in nano-USD.
    #[track_caller]
    pub fn cost(&self, limit_check_id: &str) -> i64 {
        nanos(&self.entry(limit_check_id)["cost_amount"])
    }

    /// All entries, page by page.
    #[track_caller]
    pub fn entries(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut path = "/v1/audit/entries?limit=100".to_owned();
        loop {
            let page = self.0.get(&path).expect(200);
            all.extend(page["entries"].as_array().unwrap_or_else(|| panic!("no entries in {page}")).iter().cloned());
            match page.get("next_cursor").or_else(|| page.get("cursor")).and_then(Value::as_str) {
                Some(cursor) => path = format!("/v1/audit/entries?limit=100&cursor={cursor}"),
                None => return all,
            }
        }
    }

    /// This month's money.
    #[track_caller]
    pub fn money(&self) -> Money {
        self.usage().tenant
    }

    /// This month's money of the tenant and of its company, and the open permits.
    #[track_caller]
    pub fn usage(&self) -> Usage {
        let usage = self.0.get("/v1/usage").expect(200);
        Usage {
            tenant: Money::of(&usage, "tenant"),
            company: Money::of(&usage, "company"),
            open: usage["open"]["held"].as_i64().unwrap_or_else(|| panic!("no open permits in {usage}")),
        }
    }

    /// This month's money, once nothing is held any more.
    #[track_caller]
    pub fn settled_money(&self) -> Money {
        eventually("everything to be settled", LIMIT, || Some(self.money()).filter(|money| money.held == 0))
    }
}

/// What `GET /v1/usage` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    pub tenant: Money,
    pub company: Money,
    /// Permits that nobody has resolved yet.
    pub open: i64,
}

/// A window of money, in nano-USD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    pub cap: Option<i64>,
    pub settled: i64,
    pub held: i64,
    pub remaining: Option<i64>,
}

impl Money {
    #[track_caller]
    fn of(usage: &Value, scope: &str) -> Self {
        let windows = usage["windows"].as_array().unwrap_or_else(|| panic!("no windows in {usage}"));
        let is_month = |window: &&Value| window["scope"] == scope && window["unit"] == "usd";
        let month = windows.iter().find(is_month).unwrap_or_else(|| panic!("no window of money in {usage}"));
        let amount = |name: &str| month.get(name).filter(|value| !value.is_null()).map(nanos);
        Self {
            cap: amount("cap"),
            settled: amount("settled").unwrap_or_else(|| panic!("nothing settled in {month}")),
            held: amount("held").unwrap_or_else(|| panic!("nothing held in {month}")),
            remaining: amount("remaining"),
        }
    }
}
