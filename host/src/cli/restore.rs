//! `tollgate restore`: a backup becomes the store of a data folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use tollgate::kv::Backend;
use tollgate::kv::sqlite::FILE_NAME;
use tollgate::kv::sqlite::backup::{self, Accept, Contents};

use super::backup::{embedded, now, stamp, words};
use super::done;
use super::out::Progress;
use super::verify::log_key;

#[derive(Args)]
pub struct Restore {
    /// A file that `tollgate backup` has written.
    file: PathBuf,
    /// Data folder of a gate that doesn't run; made if it isn't there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Moves a store that is there already into a folder beside it. Nothing is deleted.
    #[arg(long)]
    force: bool,
    /// Takes a file that isn't marked as a backup: the store of a gate that was stopped, or that `store fold` has folded. The
    /// file of a gate that was running when it was copied lacks what lay in the log beside it, and nothing shows that.
    #[arg(long)]
    unmarked: bool,
    /// The store that the gate is told of; only sqlite can be restored here.
    #[arg(long, env = "TOLLGATE_KV", hide_env_values = true, default_value = "sqlite", value_name = "STORE")]
    kv: Backend,
}

impl Restore {
    pub fn run(self) -> ExitCode {
        done(self.write())
    }

    fn write(&self) -> Result<()> {
        embedded(&self.kv)?;
        let aside = self.force.then(|| format!("replaced-{}", stamp(now())));
        let accept = if self.unmarked { Accept::Stores } else { Accept::Backups };
        let progress = Progress::uncounted("checking the backup and copying it");
        let restored = backup::restore(&self.file, &self.data, aside.as_deref(), accept)?;
        drop(progress);
        println!("{} has the store of {}: {}", self.data.display(), self.file.display(), words(&restored.contents));
        if let Some(aside) = &restored.aside {
            println!("the store that was there is in {}", aside.display());
            match &restored.doubt {
                Some(doubt) => println!("its log could not be folded into it and lies beside it: {doubt:#}"),
                None => println!(
                    "it is whole: `tollgate restore --unmarked {}` has it back",
                    aside.join(FILE_NAME).display()
                ),
            }
        }
        println!(
            "`master_key` must be the one of the gate that was backed up: what is sealed in the store opens with no other"
        );
        if is_made_by_another(&self.data, &restored.contents) {
            println!(
                "warning: the master key in {} did not sign this log: it is another gate's, or that gate has a `log_key`",
                self.data.join("keys.json").display()
            );
        }
        println!(
            "what came after the backup is not in the log: who has seen a later checkpoint will be shown a fork if a gate \
             goes on from here, so tell them this tree size"
        );
        Ok(())
    }
}

/// Whether the keys in the folder are certainly none of this log's.
fn is_made_by_another(data: &Path, contents: &Contents) -> bool {
    let note = contents.checkpoint.as_slice();
    data.join("keys.json").is_file() && !note.is_empty() && log_key::derived(data, note).is_none()
}
