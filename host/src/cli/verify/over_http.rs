//! A running gate from outside: usage, all entries, usage again.

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use reconcile::Report;
use reconcile::outside::{Outside, Tenant, Usage};
use serde::Deserialize;

use crate::cli::gate::Gate;

const TENANTS: &str = "/v1/tenants?limit=200";
/// Questions under way at a time.
const AT_ONCE: usize = 4;

#[derive(Deserialize)]
struct Page {
    tenants: Vec<Tenant>,
    next_cursor: Option<String>,
}

pub async fn check(gate: &Gate) -> Result<Report> {
    let tenants = tenants(gate).await?;
    let before = usage(gate, &tenants).await?;
    let mut outside = Outside::new(&tenants, &before);
    gate.lines("/v1/audit/entries", |entry| outside.entry(&entry)).await?;
    Ok(outside.finish(&usage(gate, &tenants).await?))
}

async fn tenants(gate: &Gate) -> Result<Vec<Tenant>> {
    let mut all = Vec::new();
    let mut path = TENANTS.to_owned();
    loop {
        let page: Page = gate.read(&path).await?;
        all.extend(page.tenants);
        let Some(cursor) = page.next_cursor else { return Ok(all) };
        path = format!("{TENANTS}&cursor={cursor}");
    }
}

/// A tenant that was deleted a moment ago has none.
async fn usage(gate: &Gate, tenants: &[Tenant]) -> Result<Vec<Usage>> {
    let paths: Vec<String> = tenants.iter().map(|tenant| format!("/v1/usage?tenant={}", tenant.id)).collect();
    let found: Vec<Option<Usage>> =
        stream::iter(&paths).map(|path| gate.find(path)).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}
