//! What the tests share: a store with tenants in it.

use calendar::Millis;
use kv_schemas::{Store, families};
use router::{
    Summary,
    breaker::Record,
    window::{Observation, record},
};
use serde_json::json;
use tenancy::{Tenant, TwinAccess};

/// 2026-11-20T23:59:59Z
pub const NOW: Millis = Millis(1_795_219_199_000);

pub fn tenant(store: &dyn Store, id: &str, twin: Option<TwinAccess>) {
    families::TENANT_LIST.log(&[]).append(store, &id.to_owned()).unwrap();
    tenancy::tenant(id).set(store, &Tenant { twin, ..Tenant::new(id, "acme") }).unwrap();
}

/// A decision of a tenant: its candidate answered in 100 ms, or failed.
pub fn routed(store: &dyn Store, tenant: &str, candidate: &str, ok: bool, at: Millis) {
    let observation = Observation {
        candidate: candidate.into(),
        failed_before: Vec::new(),
        latency_ms: 100,
        ok,
        decision_us: 2_500,
        rung: 0,
        at,
    };
    record(store, tenant, observation).unwrap();
    // As if each were the eighth.
    let summary = router::window::fresh_summary(store, tenant, at).unwrap();
    families::ROUTE_SUMMARY.value::<Summary>(&[tenant]).set(store, &summary).unwrap();
}

pub fn breaker(store: &dyn Store, tenant: &str, vendor: &str, open: bool) {
    breaker_until(store, tenant, vendor, open.then(|| NOW.plus(300_000)));
}

/// One that has opened; `None` where a probe has closed it since.
pub fn breaker_until(store: &dyn Store, tenant: &str, vendor: &str, until: Option<Millis>) {
    let entry = json!({ "tenant": tenant, "vendor": vendor });
    families::BREAKER_LIST.log(&[]).append(store, &entry).unwrap();
    if let Some(until) = until {
        let record = Record::Open { until, wait_ms: 300_000 };
        families::BREAKER.value(&[tenant, vendor]).set(store, &record).unwrap();
    }
}
