//! Checks that ask a gate, and what a gate is told.

use std::collections::BTreeMap;
use std::time::Duration;

use ::checks::certificates::Held;
use ::checks::infra::Running;
use ::checks::log::{PATIENCE_S, Seen};
use ::checks::manifest::Manifest;
use ::checks::metrics::Metrics;
use ::checks::{Verdict, certificates, infra, log, router, snapshots, webhooks};
use ::snapshot::Report;
use anyhow::{Context, Result, bail};
use calendar::Millis;
use http::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::people;
use crate::cli::access::encoded;
use crate::cli::gate::Gate;
use crate::cli::onward::Onward;
use crate::cli::out::Progress;

const TENANTS: &str = "/v1/tenants?limit=200";
const CHECKPOINT: &str = "/v1/audit/log/checkpoint";
/// Between two looks at the checkpoint.
const PAUSE: Duration = Duration::from_millis(500);

pub async fn router(gate: &Gate, threshold_ms: u64) -> Result<Verdict> {
    Ok(router::check(&gate.read("/v1/router/health").await?, threshold_ms))
}

pub async fn running(gate: &Gate, manifest: &Manifest) -> Result<Verdict> {
    let health: Value = gate.read("/health").await?;
    let described: Value = gate.read("/v1/openapi.json").await?;
    let paths = described["paths"].as_object().context("the gate's description has no paths")?;
    let version = health["version"].as_str().unwrap_or_default().to_owned();
    Ok(infra::running(manifest, &Running { version, paths: paths.keys().cloned().collect() }))
}

/// The newest recorded one.
pub async fn snapshot(gate: &Gate, now: Millis) -> Result<Verdict> {
    let name = newest(gate).await?;
    let document: Option<Value> = match &name {
        Some(name) => Some(gate.read(&format!("/v1/snapshots/{}", encoded(name))).await?),
        None => None,
    };
    Ok(snapshots::check(name.as_deref().zip(document.as_ref()), now))
}

async fn newest(gate: &Gate) -> Result<Option<String>> {
    let page: Value = gate.read("/v1/snapshots?limit=1").await?;
    let list = page["snapshots"].as_array().context("the gate's answer has no snapshots")?;
    Ok(list.first().and_then(|one| one["name"].as_str()).map(str::to_owned))
}

pub async fn webhooks(gate: &Gate) -> Result<Verdict> {
    let metrics = Metrics::parse(&gate.text("/metrics").await?);
    Ok(webhooks::check(&metrics, &gate.read("/v1/webhooks/dead-letters").await?))
}

/// Waits for the log to come to where its entries were.
pub async fn log(gate: &Gate) -> Result<Verdict> {
    let key = gate.text("/v1/audit/log/key").await?;
    let before = gate.text(CHECKPOINT).await?;
    let path = "/v1/audit/entries?kind=all&limit=1";
    let answer = gate.send(Method::GET, path, &[("accept", "application/x-ndjson")], None).await?;
    gate.accepts(path, answer.status)?;
    let entries = answer.header("x-total-count").and_then(|total| total.parse().ok());
    let mut seen = Seen { key, after: before.clone(), before, entries };
    let end = Instant::now() + Duration::from_secs(PATIENCE_S);
    while seen.is_behind() && Instant::now() < end {
        sleep(PAUSE).await;
        seen.after = gate.text(CHECKPOINT).await?;
    }
    Ok(log::check(&seen))
}

/// Of every tenant that restricts pages.
pub async fn certificates(gate: &Gate, now: Millis) -> Result<Verdict> {
    let mut held = Vec::new();
    for tenant in tenants(gate).await? {
        let restricted = people::texts(&tenant["restricted_pages"]);
        let id = tenant["id"].as_str().unwrap_or_default();
        if !restricted.is_empty() {
            let answer = gate.read(&format!("/v1/tenants/{}/certificates", encoded(id))).await?;
            held.push(Held { tenant: id.to_owned(), restricted, answer });
        }
    }
    Ok(certificates::check(&held, now))
}

/// All tenants' records.
pub async fn tenants(gate: &Gate) -> Result<Vec<Value>> {
    let progress = Progress::begin("reading tenants", None);
    let (mut all, mut path, mut onward) = (Vec::<Value>::new(), TENANTS.to_owned(), Onward::default());
    loop {
        let page: Value = gate.read(&path).await?;
        all.extend(page["tenants"].as_array().context("the gate's answer has no tenants")?.iter().cloned());
        progress.reach(all.len() as u64);
        let Some(cursor) = page["next_cursor"].as_str() else { return Ok(all) };
        onward.to(cursor)?;
        path = format!("{TENANTS}&cursor={}", encoded(cursor));
    }
}

/// How checks ended that were reported, as far as that still says something.
pub async fn reported(gate: &Gate, now: Millis) -> Result<BTreeMap<String, bool>> {
    let page: Value = gate.read("/v1/checks").await?;
    let reports = page["checks"].as_array().cloned().unwrap_or_default();
    let reports = reports.into_iter().filter_map(|report| serde_json::from_value::<Report>(report).ok());
    Ok(reports.filter_map(|report| Some((report.name.clone(), report.passes(now)?))).collect())
}

/// Tells a gate what was found.
pub async fn tell(gate: &Gate, reports: &[Report]) -> Result<()> {
    for report in reports {
        let path = format!("/v1/checks/{}", report.name);
        let answer = gate.send(Method::PUT, &path, &[], Some(&serde_json::to_value(report)?)).await?;
        if !answer.status.is_success() {
            let code = answer.code().unwrap_or_default();
            bail!("the gate takes no report at {path}: {} {code}", answer.status);
        }
    }
    Ok(())
}
