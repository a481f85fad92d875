//! Context of a topic, such as live scores or the news: fetched once, kept for a while, the same for all who ask.
//!
//! ```text
//!   kept and fresh ------------------------------------> answer (no vendor, no charge)
//!   not fresh --first to ask--> permit, vendor, keep --> answer
//!        |                        +--vendor fails------> what was kept, marked stale; else the error
//!        +--others--> wait for the first a moment -----> answer; else what was kept, marked stale; else as the first
//! ```
//! What if the first crashes? Those who have nothing to show go to the vendor themselves after a short wait, and so does
//! the next moment's first.

use std::time::Duration;

use calendar::{Millis, SECOND};
use kv_schemas::{Store, StoreError, Value, expiry, families};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use shell::{Call, KeyValue, Kind, Problem, Reply, host, offline};
use tenancy::Tenant;

use crate::{
    bindings::{
        adapter::{self, Capability, Operation},
        sessions::Grant,
    },
    caller::capable,
    metered::{self, Wanted, about},
    permits::{self, used},
    problems::unplannable,
    relay, topic,
    vendor::{
        self, Vendor,
        attempt::{Effort, Patience},
        upstream,
    },
};

/// How long somebody else's fetch is waited for.
const PATIENCE_MS: u64 = 3 * SECOND;
/// The same where there is something older to show.
const SHORT_PATIENCE_MS: u64 = SECOND;
/// The longest moment: a vendor that fails is asked again after it, however long its answers stay good.
const LONGEST_MOMENT_MS: u64 = 10 * SECOND;
/// How often it is looked for meanwhile.
const LOOK_MS: u64 = 50;
/// How long what was fetched is kept for the case that the vendor fails.
const KEPT_HOURS: u64 = 24;

/// What is kept of a topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fetched {
    pub at: Millis,
    pub data: Json,
}

/// What is told of a topic.
pub struct Found {
    pub source: String,
    pub fetched_at: Millis,
    pub data: Json,
    /// The vendor could not be asked: this is what it said before.
    pub stale: bool,
    /// How long it stays good, in seconds.
    pub good_for: u64,
    /// The permit that paid for it; `None` where nothing had to be paid.
    pub paid_by: Option<String>,
}

/// `GET /v1/context/{topic}`
pub async fn show(call: &Call, store: KeyValue, topic: &[&str]) -> Result<Reply, Problem> {
    let grant = capable(call, "context")?;
    let topic = topic::decoded(&topic.join("/"))?;
    let tenant = vendor::tenant(&store, &grant.tenant)?;
    let found = fetched(call, &store, &grant, &tenant, &topic, None).await?;
    let body = json!({
        "topic": topic,
        "source": found.source,
        "fetched_at": found.fetched_at.to_string(),
        "stale": found.stale,
        "data": found.data,
    });
    let reply = Reply::json(200, &body)
        .with("x-tollgate-provider", &found.source)
        .with("cache-control", &format!("private, max-age={}", found.good_for));
    Ok(match &found.paid_by {
        Some(permit) => reply.with("x-limit-check-id", permit),
        None => reply,
    })
}

/// What is known of a topic. Whoever has little patience gets what there is by then, and nothing is tried twice for it.
pub async fn fetched(
    call: &Call,
    store: &KeyValue,
    grant: &Grant,
    tenant: &Tenant,
    topic: &str,
    patience_ms: Option<u64>,
) -> Result<Found, Problem> {
    if !tenant.capabilities.iter().any(|own| own == "context") {
        // Said here, since no reservation says it of what is kept.
        return Err(Problem::forbidden("capability_disabled", "This tenant has no context."));
    }
    let vendor = vendor::choose(store, tenant, Capability::Context)?;
    let operation = Operation::Context(topic.to_owned());
    let planned = adapter::plan(vendor.name(), &operation, &vendor.options).map_err(unplannable)?;
    let chosen = tenant.vendors.get("context").and_then(|choice| choice.cache_seconds);
    let place = Place::new(&vendor, &planned, chosen.unwrap_or(u64::from(planned.cache_seconds)));
    let kept = place.kept(store)?;
    if let Some(kept) = kept.clone().filter(|kept| place.is_fresh(kept)) {
        return Ok(place.found(kept, None));
    }
    let first = place.fresh_ms == 0 || place.is_first(store).map_err(|error| offline(&error))?;
    if !first {
        let patience = if kept.is_some() { SHORT_PATIENCE_MS } else { PATIENCE_MS };
        if let Some(kept) = place.wait(store, patience).await? {
            return Ok(place.found(kept, None));
        }
        if let Some(kept) = kept {
            return Ok(place.stale(kept));
        }
    }
    let wanted = Wanted {
        grant,
        capability: Capability::Context,
        vendor,
        operation,
        planned,
        token: None,
        effort: Effort {
            patience: if kept.is_some() || patience_ms.is_some() { Patience::Once } else { Patience::Retrying },
            deadline: host::now().plus(patience_ms.unwrap_or(upstream::REQUEST_MS)),
        },
        counted: false,
    };
    match (fetch(call, store, wanted, &place).await, kept) {
        (Err(problem), Some(kept)) if matches!(problem.kind, Kind::VendorError | Kind::VendorTimeout) => {
            Ok(place.stale(kept))
        }
        (fetched, _) => fetched,
    }
}

async fn fetch(call: &Call, store: &KeyValue, wanted: Wanted<'_>, place: &Place) -> Result<Found, Problem> {
    let mut metered = metered::begin(call, store, wanted).await.map_err(|failed| failed.problem().clone())?;
    let answer = relay::collect(&mut metered).await;
    permits::settle_later(&metered.permit.id, &used(metered.meter.usage()));
    let garbled = |_| Problem::new(Kind::VendorError, "vendor_answer_garbled", "The vendor's answer can't be read.");
    let data = answer
        .and_then(|bytes| serde_json::from_slice(&bytes).map_err(garbled))
        .map_err(|problem| about(problem, &metered.permit))?;
    let fetched = Fetched { at: host::now(), data };
    // Failing to keep it is no reason to fail otherwise: it is paid for.
    if let Err(error) = place.keep(store, &fetched) {
        shell::warn!("keeping_context", about = place.source, error = error);
    }
    Ok(place.found(fetched, Some(metered.permit.id)))
}

/// Where a topic's context is kept: it is the same for the same request to the same vendor.
struct Place {
    tenant: String,
    source: String,
    /// SHA-256 of vendor, address and request, in hex.
    name: String,
    fresh_ms: u64,
}

impl Place {
    fn new(vendor: &Vendor, planned: &adapter::Call, fresh_seconds: u64) -> Self {
        let mut hash = Sha256::new();
        for part in [vendor.name(), vendor.base_url(), &planned.path] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(&planned.body);
        let name = hash.finalize().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        Self { tenant: vendor.tenant.clone(), source: vendor.name().into(), name, fresh_ms: fresh_seconds * SECOND }
    }

    fn value(&self) -> Value<Fetched> {
        families::CONTEXT.value(&[&self.tenant, &self.name])
    }

    fn kept(&self, store: &dyn Store) -> Result<Option<Fetched>, Problem> {
        self.value().get(store).map_err(|error| offline(&error))
    }

    fn is_fresh(&self, fetched: &Fetched) -> bool {
        host::now().since(fetched.at) < self.fresh_ms
    }

    /// Of those who ask within one moment, which is never longer than an answer stays good, one fetches.
    fn is_first(&self, store: &dyn Store) -> Result<bool, StoreError> {
        let now = host::now();
        let moment = (now.0 / self.fresh_ms.clamp(SECOND, LONGEST_MOMENT_MS)).to_string();
        let fetch = families::CONTEXT_FETCH.once(&[&self.tenant, &self.name, &moment]);
        let first = fetch.win(store)?;
        if first {
            expiry::forget_after(store, now.hour_number(), &[fetch.key()])?;
        }
        Ok(first)
    }

    /// What the first one fetches, if it comes soon.
    async fn wait(&self, store: &dyn Store, patience: u64) -> Result<Option<Fetched>, Problem> {
        let started = host::now();
        while host::now().since(started) < patience {
            spin_sdk::time::sleep(Duration::from_millis(LOOK_MS)).await;
            if let Some(kept) = self.kept(store)?.filter(|kept| self.is_fresh(kept)) {
                return Ok(Some(kept));
            }
        }
        Ok(None)
    }

    fn keep(&self, store: &dyn Store, fetched: &Fetched) -> Result<(), StoreError> {
        let value = self.value();
        if !value.exists(store)? {
            // Noted once: later fetches find it there. The note of the day after the first fetch may delete a newer one,
            // which is then fetched again.
            expiry::forget_after(store, fetched.at.hour_number() + KEPT_HOURS, &[value.key()])?;
        }
        value.set(store, fetched)
    }

    /// What is older than it should be, for want of better.
    fn stale(&self, fetched: Fetched) -> Found {
        Found { stale: true, good_for: 0, ..self.found(fetched, None) }
    }

    fn found(&self, fetched: Fetched, paid_by: Option<String>) -> Found {
        let age = host::now().since(fetched.at);
        Found {
            source: self.source.clone(),
            fetched_at: fetched.at,
            data: fetched.data,
            stale: false,
            good_for: self.fresh_ms.saturating_sub(age) / SECOND,
            paid_by,
        }
    }
}
