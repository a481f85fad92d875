//! Lists that a gate gives page by page.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use super::access::encoded;
use super::gate::Gate;
use super::onward::Onward;
use super::out::Progress;

/// What a gate gives at most in one page.
const LARGEST: u64 = 200;
/// The most rows that are held at once.
const MOST: usize = 100_000;

#[derive(Args)]
pub struct Paging {
    /// Rows of one page.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=LARGEST))]
    limit: u64,
    /// Goes on where a page ended: what that said, or its `next_cursor`.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// All pages, 100,000 rows at most.
    #[arg(long)]
    all: bool,
}

/// Rows, and where the next ones are.
pub struct Page {
    pub rows: Vec<Value>,
    pub next: Option<String>,
}

impl Paging {
    /// Rows of the list `name` at `path`, which has no query.
    pub async fn read(&self, gate: &Gate, path: &str, name: &str) -> Result<Page> {
        let mut page = Page { rows: Vec::new(), next: self.cursor.clone() };
        let mut onward = Onward::default();
        let progress = self.all.then(|| Progress::begin("reading rows", None));
        loop {
            let limit = if self.all { LARGEST } else { self.limit };
            let cursor = page.next.take().map(|cursor| format!("&cursor={}", encoded(&cursor))).unwrap_or_default();
            let mut answer: Value = gate.read(&format!("{path}?limit={limit}{cursor}")).await?;
            let rows = answer[name].as_array_mut().with_context(|| format!("the gate's answer has no {name}"))?;
            let found = rows.len();
            page.rows.append(rows);
            if let Some(progress) = &progress {
                progress.reach(page.rows.len() as u64);
            }
            page.next = answer["next_cursor"].as_str().map(str::to_owned);
            if !self.all || page.next.is_none() {
                return Ok(page);
            }
            if let Some(cursor) = &page.next {
                onward.to(cursor)?;
            }
            // A gate that always has a next page and nothing on it would keep us for ever.
            if found == 0 || page.rows.len() >= MOST {
                bail!("there are more than {MOST} {name}: read them page by page, with --limit and --cursor");
            }
        }
    }
}

/// All rows of a list.
pub async fn all(gate: &Gate, path: &str, name: &str) -> Result<Vec<Value>> {
    let paging = Paging { limit: LARGEST, cursor: None, all: true };
    Ok(paging.read(gate, path, name).await?.rows)
}
