//! What the scenarios about rooms, avatars, jobs and facts share: tenants bound to one such vendor, odd prices, and a
//! look into the store of a gate that stands still.

use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use rusqlite::params;
use scenarios::tenant::merge;
use scenarios::{Caller, Gate, Mocks, Tenant, Value, eventually, json, unique, usd};

use crate::stored;

/// Nano-USD of one unit at each vendor. Odd on purpose: what is added up wrongly shows.
pub const HEYGEN_SECOND: i64 = 3_333_341;
pub const LIVEKIT_SECOND: i64 = 183_349;
pub const KIE_CREDIT: i64 = 5_000_011;
pub const SHOTSTACK_SECOND: i64 = 5_000_029;
pub const UPLOAD: i64 = 100_000_039;
pub const SPORTRADAR_REQUEST: i64 = 1_000_003;
pub const NEWS_REQUEST: i64 = 1_800_017;

/// The secret of every LiveKit key at the mock, after its id.
pub const LIVEKIT_SECRET: &str = "mock-secret-of-livekit";

/// The shared gate, which knows these vendors' prices.
pub fn gate() -> &'static Gate {
    static PRICED: Once = Once::new();
    let gate = Gate::shared();
    PRICED.call_once(|| price(gate));
    gate
}

/// Tells a gate the prices.
pub fn price(gate: &Gate) {
    let rows = [
        ("heygen", "seconds", HEYGEN_SECOND),
        ("livekit", "seconds", LIVEKIT_SECOND),
        ("kie", "credits", KIE_CREDIT),
        ("shotstack", "seconds", SHOTSTACK_SECOND),
        ("upload-post", "requests", UPLOAD),
        ("sportradar", "requests", SPORTRADAR_REQUEST),
        ("newsapi", "requests", NEWS_REQUEST),
    ];
    let rows = rows.map(|(vendor, unit_type, price)| {
        json!({"vendor": vendor, "model": "*", "unit_type": unit_type, "usd_per_unit": usd(price),
            "valid_from": "2026-01-01"})
    });
    gate.admin().put("/v1/prices", &json!({ "prices": rows })).done();
}

/// A tenant with this one vendor; `patch` changes its record, `binding` the vendor's binding.
#[track_caller]
pub fn tenant(gate: &Gate, mocks: &Mocks, vendor: &'static str, patch: Value, binding: Value) -> Tenant {
    let capability = match vendor {
        "tavus" | "heygen" => Some("video"),
        "sportradar" | "newsapi" => Some("context"),
        "kie" | "shotstack" | "upload-post" => Some("jobs"),
        // A room is asked for by its own route.
        _ => None,
    };
    let mut record = json!({});
    if let Some(capability) = capability {
        record["vendors"][capability]["provider"] = json!(vendor);
    }
    merge(&mut record, patch);
    let mut tenant = Tenant::new(gate, record);
    let mut bound = match vendor {
        "heygen" => json!({"options": {"avatar_id": "avatar-1", "context_id": "context-1"}}),
        "livekit" => json!({"secret": format!("{}:{LIVEKIT_SECRET}", unique("API"))}),
        _ => json!({}),
    };
    merge(&mut bound, binding);
    let secret = bound["secret"].as_str().map(str::to_owned);
    tenant.bind(gate, vendor, mocks, bound);
    if let Some(secret) = secret {
        tenant.vendor_secrets.insert(vendor, secret);
    }
    tenant
}

/// The tenant's only vendor key.
pub fn key(tenant: &Tenant) -> String {
    tenant.vendor_secrets.values().next().expect("a vendor").clone()
}

/// What goes wrong with this tenant's next calls, and nobody else's.
#[track_caller]
pub fn fault(mocks: &Mocks, tenant: &Tenant, mut fault: Value) {
    let vendor = tenant.vendor_secrets.keys().next().expect("a vendor");
    fault["key"] = json!(key(tenant));
    mocks.fault(vendor, fault);
}

/// How the vendor's live sessions of this tenant stand, oldest first: `created`, `active`, `ended`.
#[track_caller]
pub fn live(mocks: &Mocks, tenant: &Tenant) -> Vec<String> {
    let all = mocks.control().get("/control/live").expect(200);
    let own = all.as_array().expect("a list").iter().filter(|one| one["key"] == key(tenant).as_str());
    own.map(|one| one["status"].as_str().expect("a status").to_owned()).collect()
}

/// The vendor has ended all that it had of this tenant.
#[track_caller]
pub fn assert_all_ended(mocks: &Mocks, tenant: &Tenant, within: Duration) {
    let vendor = tenant.vendor_secrets.keys().next().expect("a vendor");
    eventually(&format!("the end at {vendor}"), within, || {
        let all = live(mocks, tenant);
        (!all.is_empty() && all.iter().all(|status| status == "ended")).then_some(())
    });
}

/// This month's settled money, once nothing is held and no permit is open.
#[track_caller]
pub fn settled(server: &Caller) -> i64 {
    let done = eventually("everything to be settled", Duration::from_secs(15), || {
        Some(scenarios::Books(server).usage()).filter(|usage| usage.tenant.held == 0 && usage.open == 0)
    });
    done.tenant.settled
}

/// Changes a stored JSON value of a gate that doesn't run: the one whose key begins with `prefix`. So a scenario need not
/// wait for minutes to pass.
pub fn change(data: &Path, prefix: &str, change: impl FnOnce(&mut Value)) {
    let store = stored::open(data);
    let select = "SELECT key, value FROM spin_key_value WHERE substr(key, 1, length(?1)) = ?1";
    let (key, value): (String, Vec<u8>) = store
        .query_row(select, [prefix], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap_or_else(|error| panic!("{prefix}: {error}"));
    let mut json: Value = serde_json_of(&value);
    change(&mut json);
    let update = "UPDATE spin_key_value SET value = ?2 WHERE key = ?1";
    assert_eq!(store.execute(update, params![key, json.to_string().into_bytes()]).expect("an update"), 1);
}

fn serde_json_of(bytes: &[u8]) -> Value {
    std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("not JSON: {bytes:?}"))
}
