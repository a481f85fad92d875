//! Down the ladder until somebody answers: the best rung, the others, the template.
//!
//! A rung is left when its vendor fails: what it failed at is settled or given back by itself. A refusal that no other
//! vendor would lift (a cap, a bad request) ends the call at once. Where some rung has charged, or may have, the whole
//! counts as charged, so that a repeat of an idempotency key doesn't charge it again.

use calendar::Millis;
use router::window::{self, Observation, TEMPLATE};
use shell::{Call, KeyValue, Kind, Problem, Reply, host};

use super::{
    privacy::Restorer,
    routing::{Decision, Routed},
    template,
};
use crate::{
    bindings::{adapter::Capability, sessions::Grant},
    keyed::{Failed, Keyed},
    metered::{self, Metered, Wanted},
    relay::Passing,
    vendor::attempt::{Effort, Patience},
};

/// What the rungs have in common.
pub struct Climb<'a> {
    pub call: &'a Call,
    pub store: &'a KeyValue,
    pub grant: &'a Grant,
    pub keyed: &'a Keyed,
    pub streams: bool,
    /// Until when an answer must have begun.
    pub deadline: Millis,
}

/// Who answers.
pub enum Answered {
    /// A vendor, whose answer has begun.
    ByVendor(Box<Metered>, Passing),
    /// Nobody: the tenant's own words, and their bytes.
    ByTemplate(Reply, Vec<u8>),
}

/// Tries the rungs in order.
pub async fn climb(
    climb: Climb<'_>,
    decision: Decision,
    restorer: Option<Restorer>,
    disclosure: Option<String>,
) -> Result<Answered, Failed> {
    let Decision { rungs, routed } = decision;
    let has_template = routed.as_ref().is_some_and(|routed| routed.template.is_some());
    let last = rungs.len().saturating_sub(1);
    let (mut fallen, mut failure): (Vec<String>, Option<Failed>) = (Vec::new(), None);
    let mut spent = Spent::Nothing;
    let mut counted = false;
    for (place, rung) in rungs.into_iter().enumerate() {
        let token = climb.keyed.token_of(place);
        let wanted = Wanted {
            grant: climb.grant,
            capability: Capability::Chat,
            operation: rung.operation,
            planned: rung.planned,
            vendor: rung.vendor,
            token: token.as_deref(),
            effort: Effort {
                patience: if place == last && !has_template { Patience::Retrying } else { Patience::Once },
                deadline: climb.deadline,
            },
            counted,
        };
        match metered::begin(climb.call, climb.store, wanted).await {
            Ok(metered) => {
                let mut passing = Passing { disclosure, restorer, ..Passing::default() };
                if let Some(routed) = routed {
                    let latency_ms = host::now().since(metered.called_at);
                    passing.route = Some(routed.label(place));
                    observe(climb.grant, &routed, place_of(place), rung.id, fallen, Some(latency_ms));
                }
                return Ok(Answered::ByVendor(Box::new(metered), passing));
            }
            Err(failed) if routed.is_some() && goes_down(&failed, climb.keyed) => {
                fallen.push(rung.id);
                spent = spent.and(&failed);
                // A rung that its breaker left out has asked for no permit, so the request's rate is still to be counted.
                counted |= failed.problem().limit_check_id.is_some();
                failure = Some(failed);
            }
            Err(failed) => return Err(spent.of(failed)),
        }
    }
    let Some(routed) = routed else { return Err(failure.unwrap_or_else(nobody)) };
    observe(climb.grant, &routed, TEMPLATE, String::new(), fallen, None);
    match &routed.template {
        Some(text) => {
            let (reply, body) = template::reply(&routed, text, climb.streams);
            Ok(Answered::ByTemplate(reply, body))
        }
        None => Err(spent.of(failure.unwrap_or_else(nobody))),
    }
}

/// What the rungs so far have cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spent {
    Nothing,
    Something,
}

impl Spent {
    fn and(self, failed: &Failed) -> Self {
        if matches!(failed, Failed::Charged(_)) { Self::Something } else { self }
    }

    /// The failure of all of them.
    fn of(self, last: Failed) -> Failed {
        match (self, last) {
            (Self::Something, Failed::Early(problem) | Failed::Free(problem)) => Failed::Charged(problem),
            (_, last) => last,
        }
    }
}

/// Another vendor may do better. But where an earlier attempt with the same key broke off, and this rung was left out before
/// it was asked for its permit, that permit may have paid for an answer already.
fn goes_down(failed: &Failed, keyed: &Keyed) -> bool {
    let vendor_failed = matches!(failed.problem().kind, Kind::VendorError | Kind::VendorTimeout);
    vendor_failed && !(matches!(failed, Failed::Early(_)) && keyed.is_resumed())
}

fn nobody() -> Failed {
    Failed::Free(Problem::new(Kind::VendorError, "no_vendor", "No vendor of this route can serve the request."))
}

fn place_of(rung: usize) -> u8 {
    u8::try_from(rung).unwrap_or(TEMPLATE)
}

/// Notes the decision for the next ones, beside the answer and not before it. What if we crash before? The statistics
/// know one call less.
fn observe(
    grant: &Grant,
    routed: &Routed,
    rung: u8,
    candidate: String,
    failed_before: Vec<String>,
    latency_ms: Option<u64>,
) {
    let observation = Observation {
        candidate,
        failed_before,
        latency_ms: latency_ms.unwrap_or(0),
        ok: latency_ms.is_some(),
        decision_us: routed.decision_us,
        rung,
        at: host::now(),
    };
    let tenant = grant.tenant.clone();
    spin_sdk::wasip3::spawn(async move {
        let noted = KeyValue::open().and_then(|store| window::record(&store, &tenant, observation));
        if let Err(error) = noted {
            shell::warn!("routing_statistics", about = tenant, error = error);
        }
    });
}
