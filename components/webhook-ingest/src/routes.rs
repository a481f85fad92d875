//! `/v1/webhooks/...` and `/v1/maintenance/webhooks`: which route is meant.

use http::Method;
use shell::{Call, Kind, Problem, Reply};

use crate::{deliver::deliver, house::House, operate};

/// The largest delivery, in bytes.
pub const MAX_BODY: usize = 1_000_000;
/// What is read of a delivery. One that is a little too large is read to its end, so that its sender gets to hear the 413:
/// a connection that is cut while somebody sends shows as broken, and vendors send again.
pub const MAX_READ: usize = 2 * MAX_BODY;

/// Answers one request.
///
/// # Errors
/// The documented problems.
pub fn route(call: &Call, house: &House<'_>) -> Result<Reply, Problem> {
    if call.body.len() > MAX_BODY {
        return Err(Problem::new(Kind::TooLarge, "too_large", format!("A webhook may have at most {MAX_BODY} bytes.")));
    }
    match call.segments().as_slice() {
        ["v1", "maintenance", "webhooks"] => {
            only(call, &Method::POST)?;
            operate::maintain(call, house)
        }
        ["v1", "webhooks", "dead-letters"] => {
            only(call, &Method::GET)?;
            operate::dead_letters(call, house)
        }
        ["v1", "webhooks", "events", id, "replay"] => {
            only(call, &Method::POST)?;
            operate::replay(call, house, id)
        }
        ["v1", "webhooks", provider, tenant] => {
            only(call, &Method::POST)?;
            deliver(call, house, provider, tenant)
        }
        _ => Err(Problem::not_found("There is nothing at this address.")),
    }
}

fn only(call: &Call, method: &Method) -> Result<(), Problem> {
    if call.method == *method {
        return Ok(());
    }
    Err(Problem::method_not_allowed(&[method.as_str()]))
}
