//! The address at which a gate is decided, and whether a token is one of ours.

use runs::{Approval, Pending, Run};
use serde_json::{Value as Json, json};
use shell::{Problem, host};
use vault::Vault;

use crate::vendor::callback;

/// Where links to this gate begin: as configured, else where the run was begun by, else nowhere (a path only).
pub async fn base(run: &Run) -> Option<String> {
    callback::public_base().await.or_else(|| run.base.clone())
}

/// The link to a gate that is open.
pub async fn approval_url(run: &Run, gate: &Pending) -> Result<String, Problem> {
    Ok(url(base(run).await.as_deref(), gate, &host::vault().await?))
}

fn url(base: Option<&str>, gate: &Pending, vault: &Vault) -> String {
    format!("{}/v1/approvals/{}", base.unwrap_or_default(), gate.token(&vault.token(&gate.purpose())))
}

/// The token's parts, if this deployment made it. All others are no tokens at all.
pub async fn read(token: &str) -> Result<Approval, Problem> {
    let unknown = || Problem::not_found("There is nothing to approve at this address.");
    let link = Approval::parse(token).ok_or_else(unknown)?;
    let is_ours = host::vault().await?.token_matches(&link.purpose(), &link.mac);
    if is_ours { Ok(link) } else { Err(unknown()) }
}

/// The run as its tenant sees it.
pub async fn shown(run: &Run) -> Result<Json, Problem> {
    with_link(runs::show(run), run).await
}

/// Puts the link to the open gate into what is told of a run.
pub async fn with_link(told: Json, run: &Run) -> Result<Json, Problem> {
    let public = callback::public_base().await;
    Ok(linked(told, run, public.as_deref(), &host::vault().await?))
}

/// The same where the configuration was read before.
pub fn linked(mut told: Json, run: &Run, public: Option<&str>, vault: &Vault) -> Json {
    if let (Some(gate), Some(Json::Object(fields))) = (run.pending(), told.get_mut("gate")) {
        fields.insert("approval_url".into(), json!(url(public.or(run.base.as_deref()), &gate, vault)));
    }
    told
}
