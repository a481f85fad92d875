//! `/v1/privacy`: what is kept of one person, to take away or to have erased.
//!
//! A person is named by a session, by what the tenant's issuer calls them, or by the name under which they have consented to
//! a twin. [`exports`] shows what there is, [`erasures`] has it erased, in steps that [`parts`] puts to those who keep it.

mod erasures;
mod exports;
mod parts;
mod people;

use shell::{Call, KeyValue, Problem, Reply};

use crate::access::{Who, who};

pub use erasures::work;

/// Answers what is below `/v1/privacy`.
pub async fn route(call: &Call, store: &KeyValue, path: &[&str]) -> Result<Reply, Problem> {
    let allowed: &[&str] = match path {
        ["exports"] | ["erasures"] => &["POST"],
        ["erasures", _] => &["GET"],
        _ => return Err(Problem::not_found("There is nothing at this path.")),
    };
    if !allowed.contains(&call.method.as_str()) {
        return Err(Problem::method_not_allowed(allowed));
    }
    let who = who(call, store).await?;
    match path {
        ["exports"] => exports::make(call, store, &tenant(call, &who)?).await,
        ["erasures", id] => erasures::show(store, &who, id),
        _ => erasures::ask(call, store, &who, &tenant(call, &who)?).await,
    }
}

/// Whose person it is: the operator names the tenant.
fn tenant(call: &Call, who: &Who) -> Result<String, Problem> {
    who.tenant("tenant", call.query("tenant").as_deref())
}
