//! `tollgate check age-gate`: pages are read, and the gate is asked for sessions without an age.
//!
//! A probe changes nothing when the gate holds: it is refused before anything is written. When the gate doesn't hold, the
//! session that was opened is ended at once.

use std::path::Path;

use ::checks::Verdict;
use ::checks::age_gate::{self, Page, Probe, publishable_key};
use anyhow::{Context, Result, bail};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{gates, people, tree};
use crate::cli::access::encoded;
use crate::cli::gate::{Gate, Key};

/// What `--page` and the others say.
pub struct Asked<'a> {
    pub pages: Vec<String>,
    pub root: &'a Path,
    pub publishable_key: Option<&'a str>,
    pub secret_key: Option<&'a str>,
    pub issue_keys: bool,
}

/// A tenant that demands an age.
struct Gated {
    id: String,
    least: u32,
    channel: String,
    origin: Option<String>,
    /// Hashes of its keys that aren't revoked.
    keys: Vec<String>,
}

/// `operator` is the gate with the admin key: without it, only pages are looked at.
pub async fn age_gate(operator: Option<&Gate>, url: Option<&str>, asked: &Asked<'_>) -> Result<Verdict> {
    let gated = match operator {
        Some(gate) => gated(gate).await?,
        None => Vec::new(),
    };
    let owner = |key: &str| gated.iter().find(|tenant| tenant.keys.contains(&tenancy::key_id(key)));
    let mut pages = Vec::new();
    for path in &asked.pages {
        let text = read(asked.root, path).await?;
        let least = publishable_key(&text).and_then(owner).map(|tenant| tenant.least);
        pages.push(Page { path: path.clone(), text, least });
    }
    let mut verdict = Verdict::default();
    age_gate::pages(&mut verdict, &pages);
    let (Some(operator), Some(url)) = (operator, url) else { return Ok(verdict) };

    let in_pages = pages.iter().filter_map(|page| publishable_key(&page.text));
    let known: Vec<_> = in_pages.chain(asked.publishable_key).chain(asked.secret_key).collect();
    let mut probes = Vec::new();
    for tenant in &gated {
        let key = known.iter().find(|key| tenant.keys.contains(&tenancy::key_id(key)));
        match key {
            Some(key) => probes.push(probe(url, tenant, key).await?),
            None if asked.issue_keys => probes.push(probe_with_new_key(operator, url, tenant).await?),
            None => {
                let message = "No key of it is known to ask with: give a page with its key, the key, or --issue-keys.";
                verdict.unknown("not_asked", format!("tenant {}", tenant.id), message);
            }
        }
    }
    verdict.fact("gated_tenants", gated.len());
    age_gate::probes(&mut verdict, &probes);
    Ok(verdict)
}

async fn gated(gate: &Gate) -> Result<Vec<Gated>> {
    let mut gated = Vec::new();
    for tenant in gates::tenants(gate).await? {
        let least = tenant["minimum_age"].as_u64().and_then(|age| u32::try_from(age).ok());
        let (Some(least), Some(id)) = (least, tenant["id"].as_str()) else { continue };
        let listed: Value = gate.read(&format!("/v1/tenants/{}/keys", encoded(id))).await?;
        let keys = listed["keys"].as_array().into_iter().flatten().filter(|key| key["revoked"] != true);
        gated.push(Gated {
            id: id.to_owned(),
            least,
            channel: people::texts(&tenant["channels"]).into_iter().next().unwrap_or_else(|| "widget".to_owned()),
            origin: people::texts(&tenant["allowed_origins"]).into_iter().next(),
            keys: keys.filter_map(|key| key["id"].as_str()).map(str::to_owned).collect(),
        });
    }
    Ok(gated)
}

/// A file below the root, or what is at an address.
async fn read(root: &Path, path: &str) -> Result<String> {
    let Some((scheme, rest)) = path.split_once("://") else {
        return tree::text(root, path).with_context(|| format!("{path} is no file that can be read"));
    };
    let (host, page) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let site = Gate::new(&format!("{scheme}://{host}"), &Key::None)?;
    let answer = site.ask(if page.is_empty() { "/" } else { page }, "text/html").await?;
    if answer.status != StatusCode::OK {
        bail!("{path} answers {}", answer.status);
    }
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

/// Asks as a visitor of the tenant's page, or as its server.
async fn probe(url: &str, tenant: &Gated, key: &str) -> Result<Probe> {
    let caller = Gate::new(url, &Key::Secret(key.to_owned()))?;
    let origin: Vec<_> = tenant.origin.iter().map(|origin| ("origin", origin.as_str())).collect();
    let body = json!({"channel": tenant.channel, "consent": true});
    let answer = caller.send(Method::POST, "/v1/sessions", &origin, Some(&body)).await?;
    if answer.status.is_success() {
        let opened: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if let (Some(id), Some(token)) = (opened["id"].as_str(), opened["token"].as_str()) {
            let page = Gate::new(url, &Key::Secret(token.to_owned()))?;
            page.send(Method::DELETE, &format!("/v1/sessions/{}", encoded(id)), &origin, None).await?;
        }
    }
    Ok(Probe { tenant: tenant.id.clone(), status: answer.status.as_u16(), code: answer.code() })
}

/// The same with a key that lives no longer than this.
async fn probe_with_new_key(operator: &Gate, url: &str, tenant: &Gated) -> Result<Probe> {
    let keys = format!("/v1/tenants/{}/keys", encoded(&tenant.id));
    let answer = operator.send(Method::POST, &keys, &[], Some(&json!({"kind": "secret"}))).await?;
    let made: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let (Some(id), Some(key)) = (made["id"].as_str(), made["key"].as_str()) else {
        bail!("the gate makes no key for tenant {}: {}", tenant.id, answer.status);
    };
    let probed = probe(url, tenant, key).await;
    let revoked = operator.send(Method::DELETE, &format!("{keys}/{}", encoded(id)), &[], None).await?;
    if !revoked.status.is_success() {
        bail!("the key {id} of tenant {} was made for this check and can't be revoked: {}", tenant.id, revoked.status);
    }
    probed
}
