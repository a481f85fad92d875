//! What was seen of logs before: for each origin the newest checkpoint that was in order, and the key that signed it.
//!
//! A log that signs two histories shows each of its readers one of them. Whoever remembers what it was shown last, and
//! asks for a history that begins with it, is not shown the other one later.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use reconcile::Trust;
use tlog::{Checkpoint, Verifier};

use super::access::encoded;
use super::files;

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
    /// What is known of the log of this name beforehand.
    pub fn trust(&self, origin: &str) -> Result<Trust> {
        let mut trust = match (&self.since, self.file(origin)) {
            (Some(file), _) => read(file)?.with_context(|| format!("{}: no such file", file.display()))?,
            (None, Some(file)) => read(&file)?.unwrap_or_default(),
            (None, None) => Trust::default(),
        };
        if let Some(key) = pinned(self.vkey.as_deref())? {
            trust.key = Some(key);
        }
        Ok(trust)
    }

    /// Keeps a checkpoint that was found in order. Only forward: two checks at a time may end in any order.
    pub fn remember(&self, note: &str, key: Option<&Verifier>) -> Result<()> {
        let Ok(checkpoint) = Checkpoint::unverified(note) else { return Ok(()) };
        let Some(file) = self.file(&checkpoint.origin).filter(|_| self.since.is_none()) else { return Ok(()) };
        let before = read(&file).ok().flatten().unwrap_or_default();
        let newer = before.seen.is_none_or(|seen| seen.size <= checkpoint.size);
        if !newer && before.key.as_ref() == key {
            return Ok(());
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        let key = key.map(|key| format!("{key}\n\n")).unwrap_or_default();
        files::write(&file, format!("{key}{note}").as_bytes())
    }

    fn file(&self, origin: &str) -> Option<PathBuf> {
        (!self.no_remember).then(|| file(origin)).flatten()
    }
}

/// The key that is remembered for a log.
pub fn key_of(origin: &str) -> Result<Option<Verifier>> {
    let remembered = file(origin).map(|file| read(&file)).transpose()?.flatten();
    Ok(remembered.and_then(|trust| trust.key))
}

/// The key that was given.
pub fn pinned(vkey: Option<&str>) -> Result<Option<Verifier>> {
    vkey.map(|key| key.trim().parse().with_context(|| format!("`{key}` is no key of a log"))).transpose()
}

fn file(origin: &str) -> Option<PathBuf> {
    let given = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = given("TOLLGATE_STATE")
        .or_else(|| Some(given("XDG_STATE_HOME")?.join("tollgate")))
        .or_else(|| Some(given("HOME")?.join(".local/state/tollgate")))?;
    Some(folder.join("logs").join(encoded(origin)))
}

/// A checkpoint, with the key that signs it in a paragraph before it unless that isn't known.
fn read(file: &Path) -> Result<Option<Trust>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
    parse(&text).map(Some).with_context(|| format!("{} (remove it if it is of no use any more)", file.display()))
}

fn parse(text: &str) -> Result<Trust> {
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
        Ok(seen) => Ok(Trust { key, seen: Some(seen) }),
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
            let found = parse(text).ok().map(|trust| (trust.key.is_some(), trust.seen.unwrap().size));
            assert_eq!(found, seen.map(|size| (key, size)), "{text}");
        };
        check(&note, false, Some(3));
        check(&format!("{}\n\n{note}", signer.verifier()), true, Some(3));
        check(&format!("{}\n\n{note}", other.verifier()), true, None);
        check("", false, None);
        check("log.example\n3\n", false, None);
    }
}
