//! `tollgate backup`: the store of a data folder in one file, while its gate serves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use calendar::Millis;
use clap::Args;
use tlog::Checkpoint;
use tollgate::kv::Backend;
use tollgate::kv::sqlite::FILE_NAME;
use tollgate::kv::sqlite::backup::{self, Contents};

use super::done;
use super::out::Progress;
use super::words::{entries, grouped};

/// What the names of a folder's backups begin and end with: sorted by name they are sorted by time.
const BEGIN: &str = "tollgate-";
const END: &str = ".db";
/// A draft of a backup that is older than this belongs to nobody any more.
const DRAFT_HOURS: u64 = 24;

#[derive(Args)]
pub struct Backup {
    /// The file to write; with --keep, a folder for backups that are named by their time.
    file: PathBuf,
    /// Data folder of a gate, running or not. By default that of `up`.
    #[arg(long, default_value = ".tollgate", value_name = "DIR")]
    data: PathBuf,
    /// Replaces the file if it is there. The old one stays until the new one is whole.
    #[arg(long, conflicts_with = "keep")]
    force: bool,
    /// Writes a new file into the folder FILE, and removes all backups there but the newest N.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// The store that the gate was told of; only sqlite can be backed up here.
    #[arg(long, env = "TOLLGATE_KV", hide_env_values = true, default_value = "sqlite", value_name = "STORE")]
    kv: Backend,
}

impl Backup {
    pub fn run(self) -> ExitCode {
        done(self.write())
    }

    fn write(&self) -> Result<()> {
        embedded(&self.kv)?;
        let now = now();
        let file = match self.keep {
            None => self.file.clone(),
            Some(_) => {
                ensure!(self.file.is_dir(), "{} is no folder, which --keep needs", self.file.display());
                self.file.join(format!("{BEGIN}{}{END}", stamp(now)))
            }
        };
        ensure!(!file.is_dir(), "{} is a folder: give --keep, or the name of a file in it", file.display());
        self.is_free(&file)?;
        ensure!(!is_of_store(&file, &self.data), "{} is the store itself, or a part of it", file.display());
        let draft = Draft::of(&file)?;
        let progress = Progress::uncounted("copying the store");
        backup::copy(&self.data, &draft.0)?;
        drop(progress);
        let progress = Progress::uncounted("checking the copy");
        let contents = backup::examine(&draft.0).context("what was written can't be read")?;
        drop(progress);
        self.is_free(&file)?;
        draft.finish(&file)?;
        println!("{}: {}", file.display(), words(&contents));
        println!(
            "it holds no key: keep `master_key` apart from it (what is sealed in it opens with that alone), and `admin_key`"
        );
        match self.keep {
            None => Ok(()),
            Some(keep) => remove_old(&self.file, &file, keep, now),
        }
    }

    fn is_free(&self, file: &Path) -> Result<()> {
        ensure!(self.force || !file.exists(), "{} is there already: --force replaces it", file.display());
        Ok(())
    }
}

/// Whether a file has a name that the store in `data` has for one of its own.
fn is_of_store(file: &Path, data: &Path) -> bool {
    let is_named = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(FILE_NAME));
    let folder = folder_of(file).canonicalize();
    is_named && folder.is_ok_and(|folder| data.canonicalize().is_ok_and(|data| data == folder))
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Other stores have their own ways.
pub fn embedded(kv: &Backend) -> Result<()> {
    match kv {
        Backend::Sqlite => Ok(()),
        Backend::Memory => bail!("a store in memory is gone with its gate: there is nothing to back up or restore"),
        Backend::Redis(url) => bail!(
            "the store is {url}: have Redis write its own snapshot, which is one moment of it (`redis-cli --rdb FILE`, or \
             BGSAVE and a copy of its dump.rdb), and restore that by starting a Redis on it while no gate runs"
        ),
    }
}

/// Keys, bytes and entries.
pub fn words(contents: &Contents) -> String {
    let log = match &contents.checkpoint {
        Some(note) => match Checkpoint::unverified(note) {
            Ok(checkpoint) => format!("the log's tree has {} ({})", entries(checkpoint.size), checkpoint.origin),
            Err(error) => format!("the log's last checkpoint can't be read: {error}"),
        },
        None => "the log has no checkpoint yet".into(),
    };
    format!("{} keys, {} bytes; {log}", grouped(contents.keys), grouped(contents.bytes))
}

pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A time as a part of a file's name.
pub fn stamp(at: Millis) -> String {
    at.to_string().replace(['-', ':'], "")
}

/// A file that gets its name when it is finished. Dropped before that, it is removed; killed, it lies there under another
/// name than a backup has.
struct Draft(PathBuf);

impl Draft {
    fn of(file: &Path) -> Result<Self> {
        let mut name = file.file_name().with_context(|| format!("{} is no file", file.display()))?.to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let draft = file.with_file_name(name);
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {}", draft.display()))
            }
            _ => Ok(Self(draft)),
        }
    }

    /// It is synced. What if we crash in here? Either name is there, and what it names is whole.
    fn finish(self, file: &Path) -> Result<()> {
        fs::rename(&self.0, file).with_context(|| format!("writing {}", file.display()))?;
        let folder = folder_of(file);
        let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
        synced.with_context(|| format!("syncing {}", folder.display()))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

/// Of backups that this command has named, in a folder. The one that was written just now stays, also where a clock that was
/// wrong has named others later than it.
fn remove_old(folder: &Path, written: &Path, keep: u32, now: Millis) -> Result<()> {
    let mut backups = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_backup(&name) {
            if entry.path() != written {
                backups.push(entry.path());
            }
        } else if is_draft(&name) && age_hours(&entry.path(), now) >= DRAFT_HOURS {
            drop(fs::remove_file(entry.path()));
        }
    }
    backups.sort();
    let others = usize::try_from(keep).unwrap_or(usize::MAX).saturating_sub(1);
    for old in backups.iter().take(backups.len().saturating_sub(others)) {
        fs::remove_file(old).with_context(|| format!("removing {}", old.display()))?;
        println!("{}: removed, as --keep says", old.display());
    }
    Ok(())
}

/// `tollgate-20261121T093500.123Z.db`, and nothing that merely looks like it.
fn is_backup(name: &str) -> bool {
    let time = name.strip_prefix(BEGIN).and_then(|name| name.strip_suffix(END)).unwrap_or_default();
    let shape = "00000000T000000.000Z";
    time.len() == shape.len()
        && time.bytes().zip(shape.bytes()).all(|(own, expected)| match expected {
            b'0' => own.is_ascii_digit(),
            sign => own == sign,
        })
}

fn is_draft(name: &str) -> bool {
    let whole = name.strip_suffix(".new").and_then(|name| name.rsplit_once('.'));
    whole.is_some_and(|(backup, process)| is_backup(backup) && process.bytes().all(|digit| digit.is_ascii_digit()))
}

fn age_hours(file: &Path, now: Millis) -> u64 {
    let changed = fs::metadata(file).and_then(|file| file.modified()).unwrap_or_else(|_| SystemTime::now());
    let changed = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
    now.since(Millis(u64::try_from(changed.as_millis()).unwrap_or(u64::MAX))) / calendar::HOUR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_5_only_what_this_command_has_named_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let others =
            ["tollgate-old.db", "tollgate-20261121T093500.123Z.db.bak", "tollgate-2026112xT093500.123Z.db", "x"];
        let backups = ["20251121T093500.123Z", "20261121T093459.999Z", "20261121T093500.000Z"];
        let backups = backups.map(|time| format!("{BEGIN}{time}{END}"));
        let draft = format!("{}.77.new", backups[0]);
        for name in others.into_iter().chain(backups.iter().map(String::as_str)).chain([&*draft]) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let left = || {
            let names = fs::read_dir(folder.path()).unwrap();
            let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<_> = names.filter(|name| !others.contains(&&**name)).collect();
            names.sort();
            names
        };
        let written = folder.path().join(&backups[2]);
        remove_old(folder.path(), &written, 2, now()).unwrap();
        assert_eq!(left(), [draft.clone(), backups[1].clone(), backups[2].clone()]);
        remove_old(folder.path(), &written, 1, now().plus(25 * calendar::HOUR)).unwrap();
        assert_eq!(left(), backups[2..]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), others.len() + 1);
    }

    #[test]
    fn ops_5_a_clock_that_was_ahead_costs_no_backup_that_was_written_just_now() {
        let folder = tempfile::tempdir().unwrap();
        let [ahead, ahead_too, written] = ["20991231T000000.000Z", "20991231T000001.000Z", "20261121T093500.000Z"]
            .map(|time| folder.path().join(format!("{BEGIN}{time}{END}")));
        for file in [&ahead, &ahead_too, &written] {
            fs::write(file, "").unwrap();
        }
        remove_old(folder.path(), &written, 2, now()).unwrap();
        assert_eq!([ahead, ahead_too, written].map(|file| file.exists()), [false, true, true]);
    }

    #[test]
    fn ops_5_a_store_is_not_replaced_by_its_own_backup() {
        let data = tempfile::tempdir().unwrap();
        let check = |file: PathBuf, expected: bool| {
            assert_eq!(is_of_store(&file, data.path()), expected, "{}", file.display());
        };
        check(data.path().join(FILE_NAME), true);
        check(data.path().join(format!("{FILE_NAME}-wal")), true);
        check(data.path().join(".").join(FILE_NAME), true);
        check(data.path().join("backup.db"), false);
        check(std::env::temp_dir().join(FILE_NAME), false);
        check(PathBuf::from(FILE_NAME), false);
    }

    #[test]
    fn ops_5_names_sort_by_time() {
        assert_eq!(stamp(Millis(1_795_253_700_123)), "20261121T093500.123Z");
        assert!(is_backup(&format!("{BEGIN}{}{END}", stamp(now()))));
    }

    #[test]
    fn ops_5_another_store_is_told_what_to_do() {
        let said = |kv: &str| embedded(&kv.parse().unwrap()).unwrap_err().to_string();
        let redis = said("redis://user:secret@127.0.0.1:7/0");
        assert!(redis.contains("redis-cli --rdb") && !redis.contains("secret"), "{redis}");
        assert!(said("memory").contains("nothing to back up"));
        embedded(&Backend::Sqlite).unwrap();
    }
}
