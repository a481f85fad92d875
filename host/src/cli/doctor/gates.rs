//! A gate that runs, from outside: its health, its clock, and of what its tenants use the prices, the keys and the vendors.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use anyhow::{Result, anyhow};
use futures::{StreamExt, stream};
use money::PriceRow;
use serde_json::Value;
use tokio::time::timeout;

use super::clock;
use super::finding::Finding;
use super::prices::{self, Used};
use crate::cli::access::{Access, encoded};
use crate::cli::gate::{Gate, Key};
use crate::cli::now;
use crate::cli::{pages, tenant};

/// How long each answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Questions under way at a time.
const AT_ONCE: usize = 8;
/// Bindings that are looked at: each is a question.
const BINDINGS: usize = 400;

pub async fn look(access: &Access) -> Result<Vec<Finding>> {
    let url = access.url().unwrap_or_default().trim_end_matches('/').to_owned();
    let mut findings = Vec::new();
    let stranger = Gate::new(&url, &Key::None)?;
    let what = format!("gate {url}");
    match asked(&stranger, "/health").await {
        Ok((answer, clock)) => {
            let health: Value = serde_json::from_slice(&answer).unwrap_or_default();
            if health["status"] == "ok" && health["store"] == "ok" {
                findings.push(Finding::ok(&what));
            } else {
                let said = "it answers, and isn't well";
                let why = "A gate whose store can't be reached serves nobody.";
                findings.push(Finding::problem(&what, said).because(why).mend(format!("curl -s {url}/health")));
            }
            findings.extend(clock);
        }
        Err(error) => {
            let mend = "start it with `tollgate up`, or name another one with --url";
            findings.push(Finding::problem(&what, format!("{error:#}")).because("It serves nobody.").mend(mend));
            return Ok(findings);
        }
    }
    match access.key() {
        Some(key @ Key::Admin(_)) => findings.extend(of_tenants(&Gate::new(&url, &key)?).await),
        _ => findings.push(
            Finding::warning("what tenants use", "not looked at")
                .because("Prices, vendors' keys and vendors can only be asked for by the operator.")
                .mend("give TOLLGATE_ADMIN_KEY"),
        ),
    }
    Ok(findings)
}

/// Body and clock of an answer, whatever its status.
async fn asked(gate: &Gate, path: &str) -> Result<(Vec<u8>, Option<Finding>)> {
    let before = SystemTime::now();
    let answer = timeout(PATIENCE, gate.ask(path, "application/json")).await;
    let answer = answer.map_err(|_| anyhow!("no answer within {PATIENCE:?}"))??;
    let date = answer.header("date");
    let clock = date.and_then(|date| clock::judge(gate.url(), date, before, SystemTime::now()));
    Ok((answer.body.to_vec(), clock))
}

async fn of_tenants(gate: &Gate) -> Vec<Finding> {
    let read = async {
        let vendors: Value = gate.read("/v1/vendors").await?;
        let prices: Value = gate.read("/v1/prices").await?;
        let tenants = pages::all(gate, "/v1/tenants", "tenants").await?;
        let rows: Vec<PriceRow> = serde_json::from_value(prices["prices"].clone())?;
        Ok::<_, anyhow::Error>((vendors["vendors"].as_array().cloned().unwrap_or_default(), rows, tenants))
    };
    let (vendors, rows, tenants) = match read.await {
        Ok(read) => read,
        Err(error) => {
            let mend = "give the admin key that this gate was started with, as TOLLGATE_ADMIN_KEY";
            return vec![Finding::problem("what tenants use", format!("{error:#}")).mend(mend)];
        }
    };
    let used = prices::used(&tenants, &vendors);
    let mut findings = unpriced(&used, &rows);
    let (keys, addresses) = bindings(gate, &used, &vendors).await;
    findings.extend(keys);
    findings.extend(reached(addresses).await);
    findings
}

fn unpriced(used: &BTreeSet<Used>, rows: &[PriceRow]) -> Vec<Finding> {
    // One finding for each model, however many tenants use it.
    let mut models: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for used in used.iter().filter(|used| !prices::is_priced(used, rows, now())) {
        models.entry((&used.vendor, &used.model)).or_default().push(&used.tenant);
    }
    if models.is_empty() {
        return vec![Finding::ok(format!("prices of what tenants use (models: {})", models_of(used)))];
    }
    let finding = |((vendor, model), tenants): (&(&str, &str), &Vec<&str>)| {
        let model = if model.is_empty() { String::new() } else { format!(" {model}") };
        let who = tenants.first().copied().unwrap_or_default();
        let more = tenants.len().saturating_sub(1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Finding::problem(format!("price of {vendor}{model}"), format!("there is none, and {who}{more} use it"))
            .because("What has no price is refused: nothing is ever free by mistake.")
            .mend(format!("tollgate price adopt {vendor}"))
    };
    models.iter().map(finding).collect()
}

fn models_of(used: &BTreeSet<Used>) -> usize {
    used.iter().map(|used| (&used.vendor, &used.model)).collect::<BTreeSet<_>>().len()
}

/// Who has no key for a vendor, and the addresses that calls go to.
async fn bindings(gate: &Gate, used: &BTreeSet<Used>, vendors: &[Value]) -> (Vec<Finding>, BTreeSet<String>) {
    let pairs: BTreeSet<(&str, &str)> = used.iter().map(|used| (used.tenant.as_str(), used.vendor.as_str())).collect();
    let left_out = pairs.len().saturating_sub(BINDINGS);
    let ask = |(tenant, vendor): (String, String)| async move {
        let path = format!("{}/vendors/{}", tenant::path(&tenant), encoded(&vendor));
        (tenant, vendor, gate.find::<Value>(&path).await)
    };
    let pairs = pairs.into_iter().take(BINDINGS).map(|(tenant, vendor)| (tenant.to_owned(), vendor.to_owned()));
    let answers: Vec<_> = stream::iter(pairs).map(ask).buffered(AT_ONCE).collect().await;
    let (mut findings, mut addresses) = (Vec::new(), BTreeSet::new());
    for (tenant, vendor, answer) in answers {
        let what = format!("key of {vendor} for {tenant}");
        match answer {
            Err(error) => findings.push(Finding::problem(what, format!("{error:#}"))),
            Ok(Some(binding)) if binding["secret_set"] == true => {
                let own = || vendors.iter().find(|one| one["vendor"] == vendor.as_str())?["base_url"].as_str();
                let address = binding["base_url"].as_str().or_else(own).unwrap_or_default();
                addresses.extend(root(address));
            }
            Ok(_) => findings.push(
                Finding::problem(what, "there is none")
                    .because("Its calls of this vendor are refused.")
                    .mend(format!("tollgate tenant bind {tenant} {vendor} < the-key-of-{vendor}")),
            ),
        }
    }
    if left_out > 0 {
        findings.push(Finding::warning("vendors' keys", format!("{left_out} more were not looked at")));
    }
    (findings, addresses)
}

/// Scheme and host of an address: what is asked has no key, and is nothing that costs.
fn root(address: &str) -> Option<String> {
    let uri: http::Uri = address.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

async fn reached(addresses: BTreeSet<String>) -> Vec<Finding> {
    let ask = |address: String| async move {
        let answer = match Gate::new(&address, &Key::None) {
            Ok(vendor) => asked(&vendor, "/").await,
            Err(error) => Err(error),
        };
        match answer {
            // Any answer will do: without a key most say 401 or 404.
            Ok((_, clock)) => [Some(Finding::ok(format!("vendor at {address}"))), clock],
            Err(error) => {
                let finding = Finding::problem(format!("vendor at {address}"), format!("{error:#}"))
                    .because("Calls of it fail after their retries, and nothing is charged.")
                    .mend(format!("curl -sv {address}/ (from the gate's machine: name, firewall, proxy)"));
                [Some(finding), None]
            }
        }
    };
    let found: Vec<_> = stream::iter(addresses).map(ask).buffered(AT_ONCE).collect().await;
    found.into_iter().flatten().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adp_1_a_vendor_is_asked_at_its_root() {
        assert_eq!(root("https://api.openai.com/v1").as_deref(), Some("https://api.openai.com"));
        assert_eq!(root("http://127.0.0.1:4010/openai/v1").as_deref(), Some("http://127.0.0.1:4010"));
        assert_eq!(root(""), None);
        assert_eq!(root("not an address"), None);
    }
}
