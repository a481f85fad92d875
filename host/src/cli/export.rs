//! `tollgate audit export`: entries as lines of JSON, and beside them what proves that the log has them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::value::RawValue;
use tlog::{Checkpoint, TileId, Verifier};

use super::access::{Access, encoded};
use super::check::export::{Proof, beside, tiles};
use super::files::Draft;
use super::gate::Gate;
use super::out::Progress;
use super::words::entries;
use super::{done, files, wait};

/// Questions under way at a time.
const AT_ONCE: usize = 4;

#[derive(Args)]
pub struct Export {
    /// Whose; everybody's, or a secret key's own, when absent.
    #[arg(long)]
    tenant: Option<String>,
    /// Entries from this time on, such as 2026-11-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Entries before this time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// money, session, admin or all; by default all of the whole log, and money of one tenant.
    #[arg(long)]
    kind: Option<String>,
    /// Where to: the proof gets the same name with .proof.json instead of .ndjson.
    #[arg(long, short, value_name = "FILE.ndjson")]
    output: PathBuf,
    #[command(flatten)]
    access: Access,
}

/// What is looked at of an entry on its way into the file.
#[derive(Deserialize)]
struct Numbered {
    seq: Option<u64>,
}

impl Export {
    pub fn run(self) -> ExitCode {
        done(self.save())
    }

    fn save(&self) -> Result<()> {
        let gate = self.access.gate()?;
        wait(async {
            let key: Verifier = gate.text("/v1/audit/log/key").await?.trim().parse().context("the gate's key")?;
            // First of all: what comes later can't be proven by it, and is left out.
            let note = gate.text("/v1/audit/log/checkpoint").await?;
            let size = Checkpoint::open(&note, &key).context("the gate's checkpoint")?.size;
            let mut draft = Draft::of(&self.output)?;
            let progress = Progress::begin("saving entries", self.is_whole().then_some(size));
            let (mut numbers, mut newer, mut saved) = (Vec::new(), 0_u64, 0_u64);
            gate.lines(&self.path(), |line: Box<RawValue>| {
                let Numbered { seq } = serde_json::from_str(line.get()).context("a line is no entry")?;
                match seq.filter(|seq| *seq < size) {
                    Some(seq) => numbers.push(seq),
                    None => {
                        newer += 1;
                        return Ok(());
                    }
                }
                draft.write(format!("{}\n", line.get()).as_bytes())?;
                saved += 1;
                progress.advance(1);
                Ok(())
            })
            .await?;
            drop(progress);
            let wanted = tiles(numbers.iter().copied(), size);
            let proof = Proof::new(&key, &note, fetched(&gate, wanted.into_iter().collect()).await?.into_iter());
            // The proof first: an export that is there has its proof beside it.
            files::write(&beside(&self.output), &proof.bytes()?)?;
            draft.finish()?;
            if newer > 0 {
                eprintln!("{} left out: newer than the log's checkpoint, and in the next export", entries(newer));
            }
            println!("saved {} as {}", entries(saved), self.output.display());
            Ok(())
        })
    }

    fn is_whole(&self) -> bool {
        self.tenant.is_none()
            && self.from.is_none()
            && self.to.is_none()
            && self.kind.is_none()
            && self.access.is_admin()
    }

    fn path(&self) -> String {
        let parts = [("tenant", &self.tenant), ("from", &self.from), ("to", &self.to), ("kind", &self.kind)];
        let parts = parts.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(value.as_ref()?))));
        let query = parts.collect::<Vec<_>>().join("&");
        if query.is_empty() { "/v1/audit/entries".into() } else { format!("/v1/audit/entries?{query}") }
    }
}

async fn fetched(gate: &Gate, ids: Vec<TileId>) -> Result<Vec<(TileId, Vec<u8>)>> {
    let fetch = |id: TileId| async move {
        let bytes = gate.bytes(&format!("/v1/audit/log/{id}"), "application/octet-stream").await?;
        Ok::<_, anyhow::Error>((id, bytes.to_vec()))
    };
    let progress = Progress::begin("fetching the tree", u64::try_from(ids.len()).ok());
    let tiles = stream::iter(ids).map(fetch).buffered(AT_ONCE).inspect(|_| progress.advance(1));
    tiles.try_collect().await
}
