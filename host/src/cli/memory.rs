//! What was seen of logs before: for each origin the newest checkpoint that was in order, and the key that signed it;
//! and the same for each address, where another log would be shown instead.
//!
//! A log that signs two histories shows each of its readers one of them. Whoever remembers what it was shown last, and
//! asks for a history that begins with it, is not shown the other one later.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use reconcile::{Seen, Trust};
use tlog::{Checkpoint, Verifier};

use super::access::encoded;
use super::files;

/// The longest name of a file, with room for what a draft adds.
const MAX_NAME: usize = 200;

#[derive(Args)]
pub struct Known {
    /// Checks against the checkpoint in this file (the log's, or one that was remembered) instead of the one remembered
    /// last, and remembers nothing.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// The key that the log must be signed with, as GET /v1/audit/log/key shows it.
    #[arg(long, value_name = "KEY")]
    vkey: Option<String>,
    /// Neither reads nor writes what is remembered of the log ($TOLLGATE_STATE, or tollgate below $XDG_STATE_HOME or
    /// ~/.local/state).
    #[arg(long)]
    no_remember: bool,
}

impl Known {
    /// What is known beforehand of the log of this name, and of whatever was asked at this address before. Without a name
    /// there is no log, and what was seen of one is missing.
    pub fn trust(&self, asked: &str, origin: Option<&str>) -> Result<Trust> {
        let pinned = pinned(self.vkey.as_deref())?;
        let origin = origin.or(pinned.as_ref().map(Verifier::name));
        let mut seen: Vec<Seen> = Vec::new();
        if let Some(file) = &self.since {
            seen.push(read(file)?.with_context(|| format!("{}: no such file", file.display()))?);
        } else if let Some(folder) = self.folder() {
            let of_the_log = origin.map(|origin| read(&log_file(&folder, origin))).transpose()?.flatten();
            let asked_before = read(&address_file(&folder, asked))?;
            seen.extend(of_the_log);
            // Of the same log the newest is the one under its name.
            let is_news = |before: &Seen| !seen.iter().any(|seen| seen.says.origin == before.says.origin);
            seen.extend(asked_before.filter(is_news));
        }
        let remembered =
            seen.iter().filter(|seen| Some(&*seen.says.origin) == origin).find_map(|seen| seen.key.clone());
        Ok(Trust { pinned: pinned.is_some(), key: pinned.or(remembered), seen })
    }

    /// Keeps a checkpoint that was found in order. Only forward: two checks at a time may end in any order.
    pub fn remember(&self, asked: &str, note: &str, key: Option<&Verifier>) -> Result<()> {
        let Ok(checkpoint) = Checkpoint::unverified(note) else { return Ok(()) };
        let Some(folder) = self.folder().filter(|_| self.since.is_none()) else { return Ok(()) };
        for file in [log_file(&folder, &checkpoint.origin), address_file(&folder, asked)] {
            let is_newer = |before: &Seen| {
                let same = before.says.origin == checkpoint.origin && before.key.as_ref() == key;
                !same || before.says.size <= checkpoint.size
            };
            if !read(&file)?.as_ref().is_none_or(is_newer) {
                continue;
            }
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
            }
            let key = key.map(|key| format!("{key}\n\n")).unwrap_or_default();
            files::write(&file, format!("{key}{note}").as_bytes())?;
        }
        Ok(())
    }

    /// Why nothing can be remembered though it should be.
    pub fn obstacle(&self) -> Option<String> {
        if self.no_remember || self.since.is_some() {
            return None;
        }
        let Some(folder) = self.folder() else { return Some("there is no HOME".into()) };
        let probe = folder.join("logs").join(format!(".probe.{}", std::process::id()));
        let tried = fs::create_dir_all(folder.join("logs")).and_then(|()| fs::write(&probe, b""));
        drop(fs::remove_file(&probe));
        tried.err().map(|error| format!("{}: {error}", folder.display()))
    }

    fn folder(&self) -> Option<PathBuf> {
        if self.no_remember { None } else { folder() }
    }
}

/// The key that is remembered for a log.
pub fn key_of(origin: &str) -> Result<Option<Verifier>> {
    let remembered = folder().map(|folder| read(&log_file(&folder, origin))).transpose()?.flatten();
    Ok(remembered.and_then(|seen| seen.key))
}

/// The key that was given.
pub fn pinned(vkey: Option<&str>) -> Result<Option<Verifier>> {
    vkey.map(|key| key.trim().parse().with_context(|| format!("`{key}` is no key of a log"))).transpose()
}

fn folder() -> Option<PathBuf> {
    let given = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given("TOLLGATE_STATE")
        .or_else(|| Some(given("XDG_STATE_HOME")?.join("tollgate")))
        .or_else(|| Some(given("HOME")?.join(".local/state/tollgate")))
}

/// The newest checkpoint of a log.
fn log_file(folder: &Path, origin: &str) -> PathBuf {
    named(&folder.join("logs"), origin)
}

/// The one that was found at an address last, of whatever log: another log there is not the one that was seen.
fn address_file(folder: &Path, asked: &str) -> PathBuf {
    named(&folder.join("asked"), asked)
}

/// File systems bound the length of names; of what is longer the digest says which it is.
fn named(folder: &Path, name: &str) -> PathBuf {
    let coded = encoded(name);
    if coded.len() <= MAX_NAME {
        return folder.join(coded);
    }
    let digest: String = tlog::leaf_hash(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(digest)
}

/// A checkpoint, with the key that signs it in a paragraph before it unless that isn't known.
fn read(file: &Path) -> Result<Option<Seen>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
    parse(&text).map(Some).with_context(|| format!("{} (remove it if it is of no use any more)", file.display()))
}

fn parse(text: &str) -> Result<Seen> {
    let with_key = text.split_once("\n\n").and_then(|(key, note)| Some((key.parse::<Verifier>().ok()?, note)));
    let (key, note) = match with_key {
        Some((key, note)) => (Some(key), note),
        None => (None, text),
    };
    let seen = match &key {
        Some(key) => Checkpoint::open(note, key),
        None => Checkpoint::unverified(note),
    };
    match seen {
        Ok(says) => Ok(Seen { says, key }),
        Err(error) => bail!("there is no checkpoint in it that can be used: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlog::Signer;

    #[test]
    fn a_checkpoint_is_read_with_its_key_and_without() {
        let signer = Signer::new("log.example", [7; 32]).unwrap();
        let other = Signer::new("log.example", [8; 32]).unwrap();
        let checkpoint = Checkpoint { origin: "log.example".into(), size: 3, root: [9; 32] };
        let note = checkpoint.sign(&signer);
        let check = |text: &str, key: bool, seen: Option<u64>| {
            let found = parse(text).ok().map(|seen| (seen.key.is_some(), seen.says.size));
            assert_eq!(found, seen.map(|size| (key, size)), "{text}");
        };
        check(&note, false, Some(3));
        check(&format!("{}\n\n{note}", signer.verifier()), true, Some(3));
        check(&format!("{}\n\n{note}", other.verifier()), true, None);
        check("", false, None);
        check("log.example\n3\n", false, None);
    }
}
