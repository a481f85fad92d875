//! A cheaper model while the tenant is throttled: the binding's option `throttled_model`.

use serde_json::Value as Json;
use shell::Problem;

use super::request::Request;
use crate::{
    bindings::limits::{self, Rung},
    problems::denied,
    vendor::Vendor,
};

/// The request as it is, or with the cheaper model in place of whatever the page asked for.
pub fn thrifty(vendor: &Vendor, request: Request) -> Result<Request, Problem> {
    let Some(cheaper) = vendor.binding.options.get("throttled_model").and_then(Json::as_str) else {
        return Ok(request);
    };
    match limits::standing(&vendor.tenant).map_err(denied)? {
        Rung::Full => Ok(request),
        Rung::Throttled | Rung::TextOnly => Ok(request.with_model(cheaper)),
    }
}
