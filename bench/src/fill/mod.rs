//! Fills a data folder as long use would have, in seconds instead of days: the cores themselves work, natively, on a store
//! in memory, and what they leave is written into the file that a gate starts on.
//!
//! Nothing is made up: every entry is that of a permit that was reserved, charged, logged and closed; the sequencer and
//! the reaper have had their rounds. So `tollgate audit verify` finds nothing wrong with the result.

mod cells;
mod history;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use cells::Cells;
use history::History;

/// The tenant that all calls of the fill, and of what is measured then, are of.
pub const TENANT: &str = "bench";
/// Its company.
pub const COMPANY: &str = "acme";
/// Its keys: those of number 0, where the other tenants count from 1, so that no two have the same.
pub const PUBLISHABLE_KEY: &str = "tg_pk_0000000000000000000000000000000000000000000000000000000000000000";
/// See [`PUBLISHABLE_KEY`].
pub const SECRET_KEY: &str = "tg_sk_0000000000000000000000000000000000000000000000000000000000000000";
/// Where its pages are.
pub const ORIGIN: &str = "https://page.example";
/// Signs the log, as the gate's variable `log_key` has it.
pub const LOG_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
/// The log's name, as the gate's variable `log_origin` has it.
pub const LOG_ORIGIN: &str = "bench.example/log";

/// How much there is of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Tenants, with their keys and origins; at least one.
    pub tenants: u64,
    /// Calls that are settled, and in the log.
    pub entries: u64,
    /// Permits that are held for as long as anything is measured.
    pub permits: u64,
}

/// What filling took.
#[derive(Debug, Clone, Copy)]
pub struct Filled {
    /// Keys in the store.
    pub keys: usize,
    /// The cores' work.
    pub made: Duration,
    /// Of that, what the sequencer took.
    pub sequenced: Duration,
    /// Of that, what the reaper took.
    pub reaped: Duration,
    /// Writing the file.
    pub written: Duration,
}

/// Makes the folder, which must hold no store yet.
pub fn fill(data: &Path, sizes: Sizes) -> Result<Filled> {
    std::fs::create_dir_all(data)?;
    let started = Instant::now();
    let cells = Cells::default();
    let (sequenced, reaped) = live(&cells, sizes)?;
    let made = started.elapsed();
    let keys = cells.len();
    let started = Instant::now();
    cells.write(data)?;
    Ok(Filled { keys, made, sequenced, reaped, written: started.elapsed() })
}

/// Everything that happens; gives what the sequencer and the reaper took.
fn live(cells: &Cells, sizes: Sizes) -> Result<(Duration, Duration)> {
    let mut history = History::begin(cells)?;
    history.tenants(sizes.tenants)?;
    history.calls(sizes.entries)?;
    history.hold(sizes.permits)?;
    history.rest()?;
    Ok((history.sequenced, history.reaped))
}

#[cfg(test)]
mod tests {
    use tenancy::{Tenant, find_key, find_tenant, key_hash};

    use super::*;

    #[test]
    fn each_key_is_its_tenants_own() {
        let cells = Cells::default();
        live(&cells, Sizes { tenants: 5, entries: 3, permits: 2 }).unwrap();
        let owner = |key: &str| -> Tenant {
            let record = find_key(&cells, &key_hash(key)).unwrap().unwrap();
            find_tenant(&cells, &record.tenant).unwrap().unwrap()
        };
        let check = |number: u64, id: &str, origin: &str| {
            for kind in ["tg_pk_", "tg_sk_"] {
                let tenant = owner(&format!("{kind}{number:064x}"));
                assert_eq!((tenant.id.as_str(), &tenant.allowed_origins[..]), (id, &[origin.to_owned()][..]));
            }
        };
        check(0, TENANT, ORIGIN);
        check(1, "tenant-1", "https://page-1.example");
        check(2, "tenant-2", "https://page-2.example");
        check(4, "tenant-4", "https://page-4.example");
        assert_eq!(owner(PUBLISHABLE_KEY).id, TENANT);
        assert_eq!(owner(SECRET_KEY).id, TENANT);
    }
}
