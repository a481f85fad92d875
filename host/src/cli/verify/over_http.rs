//! A running gate from outside: the log's checkpoint and tiles, usage, all entries, usage again.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use reconcile::Trust;
use reconcile::outside::{Outside, Sight, Tenant, Tree, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;
use tlog::{Checkpoint, Hash, TILE_WIDTH, TileId, Verifier};

use super::Found;
use crate::cli::gate::Gate;
use crate::cli::memory::Known;
use crate::cli::onward::Onward;
use crate::cli::out::Progress;

const TENANTS: &str = "/v1/tenants?limit=200";
const ENTRIES: &str = "/v1/audit/entries?kind=all";
/// Questions under way at a time.
const AT_ONCE: usize = 4;

#[derive(Deserialize)]
struct Page {
    tenants: Vec<Tenant>,
    next_cursor: Option<String>,
}

pub async fn check(gate: &Gate, asked: &str, sight: Sight, known: &Known) -> Result<Found> {
    let key: Verifier = gate.text("/v1/audit/log/key").await?.trim().parse().context("the log's key")?;
    let trust = known.trust(asked, Some(key.name()))?;
    let note = gate.text("/v1/audit/log/checkpoint").await?;
    let tree = Tree::new(super::now(), &note, &key, leaves(gate, &note).await?, &trust);

    let (tenants, before) = match sight {
        Sight::Whole => {
            let tenants = tenants(gate).await?;
            let before = usage(gate, &tenants).await?;
            (tenants, before)
        }
        Sight::Own => {
            let usage: Usage = gate.read("/v1/usage").await?;
            (vec![usage.tenant()], vec![usage])
        }
    };
    let mut outside = Outside::new(sight, &tenants, &before, Some(tree));
    let size = Checkpoint::unverified(&note).ok().map(|checkpoint| checkpoint.size);
    let progress = Progress::begin("reading entries", size.filter(|_| sight == Sight::Whole));
    gate.lines(ENTRIES, |line: Box<RawValue>| {
        outside.line(line.get());
        progress.advance(1);
        Ok(())
    })
    .await?;
    drop(progress);
    let after = match sight {
        Sight::Whole => usage(gate, &tenants).await?,
        Sight::Own => vec![gate.read("/v1/usage").await?],
    };
    let key = trust.key.or(Some(key));
    Ok(Found { report: outside.finish(&after), trust: Trust { key, ..trust } })
}

/// The hashes of all level-0 tiles. All above them follows from these.
async fn leaves(gate: &Gate, note: &str) -> Result<Vec<Hash>> {
    let Ok(checkpoint) = Checkpoint::unverified(note) else { return Ok(Vec::new()) };
    let ids = (0..checkpoint.size.div_ceil(TILE_WIDTH)).filter_map(|index| TileId::in_tree(0, index, checkpoint.size));
    let fetch = |id: TileId| async move {
        let bytes = gate.bytes(&format!("/v1/audit/log/{id}"), "application/octet-stream").await?;
        let hashes = tlog::decode_tile(&bytes).with_context(|| format!("{id} is no tile"))?;
        ensure!(hashes.len() == usize::from(id.width), "{id} has {} hashes", hashes.len());
        Ok::<_, anyhow::Error>(hashes)
    };
    let progress = Progress::begin("fetching the tree", Some(checkpoint.size.div_ceil(TILE_WIDTH)));
    let tiles = stream::iter(ids).map(fetch).buffered(AT_ONCE).inspect(|_| progress.advance(1));
    let tiles: Vec<Vec<Hash>> = tiles.try_collect().await?;
    Ok(tiles.concat())
}

async fn tenants(gate: &Gate) -> Result<Vec<Tenant>> {
    let progress = Progress::begin("reading tenants", None);
    let (mut all, mut path, mut onward) = (Vec::new(), TENANTS.to_owned(), Onward::default());
    loop {
        let page: Page = gate.read(&path).await?;
        progress.advance(page.tenants.len() as u64);
        all.extend(page.tenants);
        let Some(cursor) = page.next_cursor else { return Ok(all) };
        onward.to(&cursor)?;
        path = format!("{TENANTS}&cursor={cursor}");
    }
}

/// A tenant that was deleted a moment ago has none.
async fn usage(gate: &Gate, tenants: &[Tenant]) -> Result<Vec<Usage>> {
    let paths: Vec<String> = tenants.iter().map(|tenant| format!("/v1/usage?tenant={}", tenant.id)).collect();
    let progress = Progress::begin("reading usage", u64::try_from(paths.len()).ok());
    let found = stream::iter(&paths).map(|path| gate.find(path)).buffered(AT_ONCE).inspect(|_| progress.advance(1));
    let found: Vec<Option<Usage>> = found.try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}
