//! What a job's start needs: its vendor, the call that the adapter plans, and what it may cost.

use calendar::Millis;
use kv_schemas::Store;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use shell::{Problem, host};
use vault::Vault;

use super::{
    record::{Job, MAX_MS, OfRun, START_MS, State, UNSENT_MS},
    training,
};
use crate::{
    bindings::{
        adapter::{self, Capability, Operation},
        limits::Permit,
        sessions::Grant,
    },
    permits::{Ask, quantities},
    problems::unplannable,
    vendor::{self, Vendor, callback},
};

/// What the caller asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    #[serde(default)]
    pub provider: Option<String>,
    pub kind: String,
    #[serde(default)]
    pub input: Map<String, Json>,
}

/// A job that could be started.
pub struct Planned {
    pub id: String,
    pub kind: String,
    pub vendor: Vendor,
    pub operation: Operation,
    pub call: adapter::Call,
    /// Opened beforehand, so that nothing has to be waited for between the note that the vendor is called and the call.
    pub vault: Vault,
}

impl Planned {
    /// At the vendor that the caller names, else at the tenant's own. `base` is where the vendor may report to.
    pub async fn asked(
        store: &dyn Store,
        grant: &Grant,
        id: String,
        body: Body,
        base: Option<&str>,
    ) -> Result<Self, Problem> {
        let tenant = vendor::tenant(store, &grant.tenant)?;
        let vendor = vendor::asked(store, &tenant, Capability::Jobs, body.provider.as_deref())?;
        Self::at(vendor, id, body, tenant.disclosure.shown(), base).await
    }

    /// The same once more, as it was asked of the vendor when the job was enlisted.
    pub async fn again(store: &dyn Store, job: &Job, body: Body, base: Option<&str>) -> Result<Self, Problem> {
        let tenant = vendor::tenant(store, &job.tenant)?;
        let vendor = vendor::as_bound(&job.tenant, &job.provider, &job.binding)
            .ok_or_else(|| Problem::not_found("The vendor is not offered any more."))?;
        Self::at(vendor, job.id.clone(), body, tenant.disclosure.shown(), base).await
    }

    /// One that the gate itself wants of a vendor, which reports to nobody.
    pub async fn at_vendor(vendor: Vendor, body: Body) -> Result<Self, Problem> {
        Self::at(vendor, host::new_id("job_"), body, None, None).await
    }

    async fn at(
        vendor: Vendor,
        id: String,
        body: Body,
        disclosure: Option<&str>,
        base: Option<&str>,
    ) -> Result<Self, Problem> {
        let operation = Operation::JobStart(adapter::Job {
            id: id.clone(),
            kind: body.kind.clone(),
            input: Json::Object(body.input).to_string().into_bytes(),
            callback_url: callback::url(base, &vendor, &id).await?,
            disclosure: disclosure.map(str::to_owned),
        });
        let call = adapter::plan(vendor.name(), &operation, &vendor.options).map_err(unplannable)?;
        Ok(Self { id, kind: body.kind, vendor, operation, call, vault: host::vault().await? })
    }

    /// The permit that it takes.
    pub fn ask<'a>(&'a self, grant: &'a Grant, token: Option<&'a str>) -> Ask<'a> {
        Ask {
            grant,
            // To make a voice is part of speech: who has that switched off has no voices made either.
            capability: if self.kind == training::KIND { "speech" } else { "jobs" },
            provider: self.vendor.name(),
            model: &self.call.model,
            worst_case: quantities(&self.call.worst_case),
            ttl_ms: MAX_MS + START_MS,
            continues: None,
            counted: false,
            token,
        }
    }

    /// The same for a step of a run, which may wait until its vendor is called.
    pub fn ask_for_later<'a>(&'a self, grant: &'a Grant, token: &'a str) -> Ask<'a> {
        Ask { ttl_ms: UNSENT_MS + MAX_MS + START_MS, ..self.ask(grant, Some(token)) }
    }

    /// The job of a run's step under its permit, which may be that of an earlier try; none if too little of the permit's
    /// time is left. The vendor may be called up to `next_look`.
    pub fn job_of_run(&self, grant: &Grant, permit: &Permit, of: (&str, &str), now: Millis) -> Option<Job> {
        let latest = Millis(permit.expires_at_ms.saturating_sub(MAX_MS + START_MS));
        if latest <= now.plus(UNSENT_MS / 2) {
            return None;
        }
        let run = Some(OfRun { run: of.0.into(), step: of.1.into(), sent: false });
        Some(Job { next_look: latest, run, ..self.job(grant, &permit.id, now) })
    }

    /// The job under its permit, of which no vendor knows yet.
    pub fn job(&self, grant: &Grant, permit: &str, now: Millis) -> Job {
        Job {
            id: self.id.clone(),
            tenant: grant.tenant.clone(),
            session: grant.session.clone(),
            provider: self.vendor.name().into(),
            kind: self.kind.clone(),
            binding: self.vendor.binding.clone(),
            vendor_id: None,
            permit: permit.into(),
            started_at: now,
            next_look: now.plus(START_MS),
            looks: 0,
            state: State::Queued,
            list_index: 0,
            run: None,
            refused: None,
        }
    }
}
