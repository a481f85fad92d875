//! The address at which a gate is decided, and whether a token is one of ours.

use runs::{Approval, Pending, Run};
use serde_json::{Value as Json, json};
use shell::{Problem, host};

use crate::vendor::callback;

/// Where links to this gate begin: as configured, else where the run was begun by, else nowhere (a path only).
pub async fn base(run: &Run) -> Option<String> {
    callback::public_base().await.or_else(|| run.base.clone())
}

/// The link to a gate that is open.
pub async fn approval_url(run: &Run, gate: &Pending) -> Result<String, Problem> {
    let mac = host::vault().await?.token(&gate.purpose());
    Ok(format!("{}/v1/approvals/{}", base(run).await.unwrap_or_default(), gate.token(&mac)))
}

/// The token's parts, if this deployment made it. All others are no tokens at all.
pub async fn read(token: &str) -> Result<Approval, Problem> {
    let unknown = || Problem::not_found("There is nothing to approve at this address.");
    let link = Approval::parse(token).ok_or_else(unknown)?;
    let is_ours = host::vault().await?.token_matches(&link.purpose(), &link.mac);
    if is_ours { Ok(link) } else { Err(unknown()) }
}

/// Puts the link into what is told of a run.
pub async fn with_link(mut told: Json, run: &Run, gate: Option<&Pending>) -> Result<Json, Problem> {
    if let (Some(gate), Some(Json::Object(fields))) = (gate, told.get_mut("gate")) {
        fields.insert("approval_url".into(), json!(approval_url(run, gate).await?));
    }
    Ok(told)
}
