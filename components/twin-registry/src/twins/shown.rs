//! A twin as it is shown.

use serde_json::{Value as Json, json};
use shell::{KeyValue, Problem, offline};
use twins::{Link, Mtid, Training, Twin, find_consents, find_training};

/// With what lies beside it: its training, its tenant's company, how many consents hold.
pub fn shown(store: &KeyValue, twin: &Twin) -> Result<Json, Problem> {
    let failed = |error| offline(&error);
    let tenant = tenancy::find_tenant(store, &twin.tenant).map_err(failed)?;
    let consents = find_consents(store, &twin.tenant).map_err(failed)?;
    let training = find_training(store, &twin.tenant).map_err(failed)?;
    Ok(json!({
        "id": twin.id,
        "tenant_id": twin.tenant,
        "company": tenant.map(|tenant| tenant.company).unwrap_or_default(),
        "name": twin.name,
        "behavior_mode": twin.behavior_mode,
        "avatar_type": twin.avatar_type,
        "emotion": twin.emotion,
        "instructions": twin.instructions,
        "voice": twin.voice,
        "video_persona": twin.video_persona,
        "status": twin.status(),
        "environment": twin.environment,
        "training": trained(&training),
        "links": twin.links.iter().map(|link| self::link(twin.id, link)).collect::<Vec<_>>(),
        "mesh": twin.mesh,
        "licence": twin.licence.as_ref().map(super::licence::shown),
        "consents": consents.iter().filter(|consent| consent.is_active()).count(),
        "created_at": twin.created_at.to_string(),
        "updated_at": twin.updated_at.to_string(),
    }))
}

fn trained(training: &Training) -> Json {
    json!({
        "status": training.status,
        "job_id": training.job_id,
        "voice_id": training.voice.as_ref().map(|voice| &voice.voice_id),
        "error": training.error,
    })
}

/// A link, with its address.
pub fn link(twin: Mtid, link: &Link) -> Json {
    json!({ "module": link.module, "mode": link.mode, "context": link.context, "url": link.url(twin) })
}
