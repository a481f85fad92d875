//! What a tenant's routes may be.

use std::collections::BTreeMap;

use crate::{Invalid, Route, RoutePick, RouteRung, RouteWeights, fields::Object, names};

/// The most routes of a tenant.
const MAX_ROUTES: usize = 16;
/// The most rungs of a route: each may be called before a page has its answer.
const MAX_RUNGS: usize = 8;
/// The most a weight or rank may be.
const MOST: u64 = 100;

pub(crate) fn routes(routes: &Object<'_>) -> Result<BTreeMap<String, Route>, Invalid> {
    let mut read = BTreeMap::new();
    for (name, value) in routes.entries() {
        if !names::is_route(name) {
            return Err(routes.clipped_fault(name, "must be named with 1 to 40 of a-z 0-9 - _"));
        }
        if read.len() >= MAX_ROUTES {
            return Err(routes.clipped_fault(name, format!("is one more than the {MAX_ROUTES} routes that may be")));
        }
        read.insert(name.to_owned(), route(&Object::at(&routes.param(name), value)?)?);
    }
    Ok(read)
}

fn route(route: &Object<'_>) -> Result<Route, Invalid> {
    route.only(&["pick", "weights", "rungs", "template"])?;
    let pick = match route.get("pick").map(|pick| pick.as_str()) {
        None | Some(Some("score")) => RoutePick::Score,
        Some(Some("order")) => RoutePick::Order,
        Some(_) => return Err(route.fault("pick", "must be score or order")),
    };
    let weights = route.object("weights")?.map(|field| weights(&field)).transpose()?.unwrap_or_default();
    let template = route.text("template", 1, 2000)?.map(str::to_owned);
    Ok(Route { pick, weights, rungs: rungs(route)?, template })
}

fn weights(weights: &Object<'_>) -> Result<RouteWeights, Invalid> {
    weights.only(&["latency", "cost", "capability"])?;
    let default = RouteWeights::default();
    let weight = |name: &str, default: u32| small(weights, name).map(|read| read.unwrap_or(default));
    Ok(RouteWeights {
        latency: weight("latency", default.latency)?,
        cost: weight("cost", default.cost)?,
        capability: weight("capability", default.capability)?,
    })
}

fn rungs(route: &Object<'_>) -> Result<Vec<RouteRung>, Invalid> {
    let mut rungs: Vec<RouteRung> = Vec::new();
    for written in route.objects("rungs", 1, MAX_RUNGS)?.ok_or_else(|| route.fault("rungs", "is required"))? {
        let rung = rung(&written)?;
        // Trying again what has just failed is no other rung.
        if rungs.iter().any(|earlier| earlier.provider == rung.provider && earlier.model == rung.model) {
            return Err(written.fault("model", "is there twice"));
        }
        rungs.push(rung);
    }
    Ok(rungs)
}

fn rung(rung: &Object<'_>) -> Result<RouteRung, Invalid> {
    rung.only(&["provider", "model", "rank"])?;
    let required = |name: &str, most: usize| rung.line(name, 1, most)?.ok_or_else(|| rung.fault(name, "is required"));
    let provider = names::vendor(&rung.param("provider"), required("provider", 40)?)?;
    Ok(RouteRung { provider, model: required("model", 200)?.into(), rank: small(rung, "rank")? })
}

fn small(object: &Object<'_>, name: &str) -> Result<Option<u32>, Invalid> {
    Ok(object.integer(name, 0, MOST)?.and_then(|number| u32::try_from(number).ok()))
}
