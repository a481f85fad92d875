//! Consents: given, shown, taken back. Who gave them is sealed.

use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency, offline};
use twins::{Consent, ConsentAsked, Twin, consent_context, find_consents, parse_consent};
use vault::Vault;

use super::changing;
use crate::{access::Who, refuse};

/// A consent to be recorded, the person's name sealed.
pub async fn sealed(tenant: &str, id: &str, asked: &ConsentAsked) -> Result<Consent, Problem> {
    let vault = host::vault().await?;
    let sealed = vault.seal(&consent_context(tenant, id), host::random(), &asked.subject).map_err(|error| {
        shell::warn!("vault", error = error);
        Problem::offline()
    })?;
    Ok(Consent {
        id: id.into(),
        sealed_subject: sealed,
        purpose: asked.purpose.clone(),
        given_at: asked.given_at,
        evidence_sha256: asked.evidence_sha256.clone(),
        recorded_at: host::now(),
        revoked_at: None,
    })
}

/// `POST /v1/twins/{id}/consents`
pub async fn create(call: &Call, store: &KeyValue, who: &Who, twin: &Twin) -> Result<Reply, Problem> {
    let asked = parse_consent("", &call.json()?, host::now()).map_err(refuse::invalid)?;
    let vault = host::vault().await?;
    let work = async |id: &String| {
        let consent = sealed(&twin.tenant, id, &asked).await?;
        changing(call, |at| twins::give_consent(at, &twin.tenant, consent.clone())).await?;
        Ok((201, shown(&vault, &twin.tenant, &consent)))
    };
    idempotency::once(store, &vault, call, &who.owner(), || host::new_id("con_"), work).await
}

/// `GET /v1/twins/{id}/consents`: the oldest first.
pub async fn list(store: &KeyValue, twin: &Twin) -> Result<Reply, Problem> {
    let vault = host::vault().await?;
    let consents = find_consents(store, &twin.tenant).map_err(|error| offline(&error))?;
    let shown: Vec<Json> = consents.iter().map(|consent| shown(&vault, &twin.tenant, consent)).collect();
    Ok(Reply::json(200, &json!({ "consents": shown })))
}

/// `DELETE /v1/twins/{id}/consents/{consent}`
pub async fn revoke(call: &Call, twin: &Twin, id: &str) -> Result<Reply, Problem> {
    changing(call, |at| twins::revoke_consent(at, &twin.tenant, id)).await?;
    Ok(Reply::empty(204))
}

/// A name that doesn't open any more is `null`: the rest is true all the same.
fn shown(vault: &Vault, tenant: &str, consent: &Consent) -> Json {
    let subject = vault.open(&consent_context(tenant, &consent.id), &consent.sealed_subject).ok();
    json!({
        "id": consent.id,
        "subject": subject.as_ref().map(|subject| subject.expose()),
        "purpose": consent.purpose,
        "given_at": consent.given_at.to_string(),
        "evidence_sha256": consent.evidence_sha256,
        "recorded_at": consent.recorded_at.to_string(),
        "revoked_at": consent.revoked_at.map(|at| at.to_string()),
        "active": consent.is_active(),
    })
}
