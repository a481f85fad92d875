//! Events that mean nothing to the gate: each is kept, once.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use rusqlite::Connection;
use scenarios::hooks::{Event, Sign};
use scenarios::{Gate, Tenant, Value, json, programs, random, unique};

/// Events of the gate's own scheme, of Standard Webhooks, and of a scheme that signs nothing but the body.
pub fn events(gate: &Gate, each: usize) -> Vec<Event> {
    let tenant = Tenant::new(gate, json!({}));
    let hub = Tenant::new(gate, json!({}));
    let (secret, key, hub_secret) = (unique("whsec-"), random::bytes::<24>(), unique("hub-"));
    bind(gate, &tenant, "generic", &secret, json!({}));
    bind(gate, &tenant, "openai", &format!("whsec_{}", BASE64.encode(key)), json!({}));
    bind(gate, &hub, "generic", &hub_secret, json!({"scheme": "github"}));
    let event = |vendor: &str, tenant: &Tenant, sign: Sign| {
        let name = unique("kept-");
        let mut body = json!({"type": "thing.happened", "object": "event", "data": {"note": name}});
        // Where nothing else says so, only its bytes tell that an event is the same one again.
        if !matches!(sign, Sign::GitHub { .. }) {
            body["id"] = json!(unique("obj-"));
        }
        let route = format!("/v1/webhooks/{vendor}/{}", tenant.id);
        Event { name, route, sign, body: body.to_string().into_bytes() }
    };
    (0..each)
        .flat_map(|_| {
            [
                event("generic", &tenant, Sign::Generic { secret: secret.clone(), id: unique("evt-") }),
                event("openai", &tenant, Sign::Standard { key: key.to_vec(), id: unique("wh_") }),
                event("generic", &hub, Sign::GitHub { secret: hub_secret.clone() }),
            ]
        })
        .collect()
}

/// Binds a vendor that is never called.
pub fn bind(gate: &Gate, tenant: &Tenant, vendor: &str, webhook_secret: &str, options: Value) {
    let binding = json!({"mode": "live", "base_url": null, "secret": unique("sk-test-"),
        "webhook_secret": webhook_secret, "options": options});
    gate.admin().put(&format!("/v1/tenants/{}/vendors/{vendor}", tenant.id), &binding).expect(204);
}

/// How many events of a vendor a gate that doesn't run has kept.
pub fn count(gate: &Gate, vendor: &str) -> usize {
    programs::fold(&gate.data());
    let store = Connection::open(gate.data().join("sqlite_key_value.db")).expect("the store");
    let mut all =
        store.prepare("SELECT value FROM spin_key_value WHERE substr(key, 1, 8) = 'webhook/'").expect("a query");
    let events = all.query_map([], |row| row.get::<_, Vec<u8>>(0)).expect("events");
    let events = events.map(|event| String::from_utf8_lossy(&event.expect("an event")).parse::<Value>().expect("JSON"));
    events.filter(|event| event["origin"]["provider"] == vendor).count()
}
