//! Who answers a chat: one vendor, or the rungs of a route in the order in which they are tried.
//!
//! A page names a model, or one of the tenant's routes (`auto`, or any other name). A route's rungs are planned and priced
//! before the first is called, since what a call would cost is part of the score; a rung that can't serve the request, or
//! has no price, is none.

use std::time::Instant;

use kv_schemas::Store;
use money::Nanos;
use router::{Candidate, Pick, Weights, choose, window};
use shell::{Problem, host, offline};
use tenancy::{Route, RoutePick, Tenant};

use super::{request::Request, thrift::thrifty};
use crate::{
    bindings::{
        adapter::{self, Capability, Operation},
        limits,
    },
    permits::quantities,
    problems::{denied, unplannable},
    relay::RouteLabel,
    vendor::{self, Vendor},
};

/// One that may answer.
pub struct Rung {
    /// `provider/model`
    pub id: String,
    pub vendor: Vendor,
    pub operation: Operation,
    pub planned: adapter::Call,
}

/// Those who may answer, the best first.
pub struct Decision {
    pub rungs: Vec<Rung>,
    /// Where a route was asked for.
    pub routed: Option<Routed>,
}

/// A route that was asked for.
pub struct Routed {
    pub name: String,
    /// The answer when no rung could give one.
    pub template: Option<String>,
    /// How long it took to decide.
    pub decision_us: u64,
}

impl Routed {
    /// What is told beside the answer of this rung.
    pub fn label(&self, rung: usize) -> RouteLabel {
        RouteLabel { name: self.name.clone(), rung, decision_us: self.decision_us }
    }
}

/// Decides for a request that could be read; for another the tenant's vendor says what is wrong with it.
pub fn decide(store: &dyn Store, tenant: &Tenant, body: &[u8], request: Option<&Request>) -> Result<Decision, Problem> {
    let started = Instant::now();
    let model = request.and_then(Request::model);
    let named = model.as_ref().and_then(|name| tenant.routes.get_key_value(name));
    let (Some(request), Some((name, route))) = (request, named) else {
        let vendor = serving(store, tenant, model.as_deref())?;
        return Ok(Decision { rungs: vec![plan(vendor, body.to_vec(), request)?], routed: None });
    };
    let rungs = ranked(store, tenant, request, route)?;
    let decision_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    Ok(Decision { rungs, routed: Some(Routed { name: name.clone(), template: route.template.clone(), decision_us }) })
}

/// The vendor that the tenant chose; where it chose none, the one that offers the model by name.
fn serving(store: &dyn Store, tenant: &Tenant, model: Option<&str>) -> Result<Vendor, Problem> {
    if let (None, Some(model)) = (tenant.vendors.get("chat"), model) {
        let offers = |profile: &adapter::Profile| {
            profile.capabilities.contains(&Capability::Chat) && profile.models.iter().any(|offered| offered == model)
        };
        for profile in adapter::vendors().into_iter().filter(offers) {
            if let Ok(vendor) = vendor::named(store, &tenant.id, &profile.vendor) {
                return Ok(vendor);
            }
        }
    }
    vendor::choose(store, tenant, Capability::Chat)
}

fn plan(vendor: Vendor, body: Vec<u8>, request: Option<&Request>) -> Result<Rung, Problem> {
    let body = match request {
        Some(request) if vendor.binding.options.contains_key("throttled_model") => {
            thrifty(&vendor, request.clone())?.to_bytes()
        }
        _ => body,
    };
    let operation = Operation::Chat(body);
    let planned = adapter::plan(vendor.name(), &operation, &vendor.options).map_err(unplannable)?;
    Ok(Rung { id: format!("{}/{}", vendor.name(), planned.model), vendor, operation, planned })
}

/// The route's rungs that can serve the request, the best first. If none can, the first one's reason is told.
fn ranked(store: &dyn Store, tenant: &Tenant, request: &Request, route: &Route) -> Result<Vec<Rung>, Problem> {
    let (mut rungs, mut candidates, mut reason) = (Vec::new(), Vec::new(), None);
    for (rung, rank) in route.ranked() {
        let planned = vendor::named(store, &tenant.id, &rung.provider)
            .and_then(|vendor| {
                let request = request.with_model(&rung.model);
                plan(vendor, request.to_bytes(), Some(&request))
            })
            .and_then(|rung| priced(&rung).map(|cost| (rung, cost)));
        match planned {
            Ok((rung, cost)) => {
                candidates.push(Candidate { id: rung.id.clone(), cost, capability_rank: rank });
                rungs.push(rung);
            }
            Err(problem) => reason = reason.or(Some(problem)),
        }
    }
    if let (true, Some(problem)) = (rungs.is_empty(), reason) {
        return Err(problem);
    }
    let weights =
        Weights { latency: route.weights.latency, cost: route.weights.cost, capability: route.weights.capability };
    let pick = match route.pick {
        RoutePick::Score => Pick::Score,
        RoutePick::Order => Pick::Order,
    };
    let summary = window::summary(store, &tenant.id, host::now()).map_err(|error| offline(&error))?;
    let order: Vec<String> =
        choose(&candidates, &weights, pick, &summary).into_iter().map(|ranked| ranked.candidate.id.clone()).collect();
    rungs.sort_by_key(|rung| order.iter().position(|id| *id == rung.id));
    Ok(rungs)
}

fn priced(rung: &Rung) -> Result<Nanos, Problem> {
    let worst_case = quantities(&rung.planned.worst_case);
    limits::quote(rung.vendor.name(), &rung.planned.model, &worst_case).map(Nanos).map_err(denied)
}
