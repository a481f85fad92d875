//! A disk that loses power: what was written to it, in order, and what could be left of that.
//!
//! Nothing is safe but what was synced. Of the rest any part may have arrived, in any order: whole writes, or sectors of
//! them; and the names of files apart from what is in them.

use std::collections::BTreeMap;

use super::random::Random;

const SECTOR: u64 = 512;

/// One change that SQLite asked for. `Sync` stands where it was done, all others where they began.
#[derive(Clone, Debug)]
pub enum Change {
    Create,
    Write {
        at: u64,
        bytes: Vec<u8>,
    },
    Truncate {
        len: u64,
    },
    Sync,
    Delete,
    /// All names in the folder.
    SyncFolder,
}

/// A change, and what the store had confirmed just before it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub file: String,
    pub change: Change,
    pub confirmed: usize,
    /// Virtual milliseconds.
    pub now: u64,
}

/// Names and contents of files.
pub type Files = BTreeMap<String, Vec<u8>>;

#[derive(Clone, Default)]
struct Inode {
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

/// What is on the disk, and what is only in the kernel.
#[derive(Clone, Default)]
pub struct Disk {
    inodes: Vec<Inode>,
    /// As every process sees them.
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    unsynced_names: Vec<(String, Option<usize>)>,
}

impl Disk {
    /// A disk with these files on it.
    pub fn with(files: &Files) -> Self {
        let mut disk = Self::default();
        for (name, content) in files {
            disk.synced_names.insert(name.clone(), disk.inodes.len());
            disk.inodes.push(Inode { synced: content.clone(), unsynced: Vec::new() });
        }
        disk.names = disk.synced_names.clone();
        disk
    }

    pub fn apply(&mut self, entry: &Entry) {
        match &entry.change {
            Change::Create => {
                let inode = self.inodes.len();
                self.inodes.push(Inode::default());
                self.names.insert(entry.file.clone(), inode);
                self.unsynced_names.push((entry.file.clone(), Some(inode)));
            }
            Change::Delete => {
                self.names.remove(&entry.file);
                self.unsynced_names.push((entry.file.clone(), None));
            }
            Change::SyncFolder => {
                self.synced_names = self.names.clone();
                self.unsynced_names.clear();
            }
            Change::Sync => {
                let inode = &mut self.inodes[self.names[&entry.file]];
                for change in std::mem::take(&mut inode.unsynced) {
                    arrive(&mut inode.synced, &change);
                }
            }
            change => self.inodes[self.names[&entry.file]].unsynced.push(change.clone()),
        }
    }

    /// The process died: the kernel has everything.
    pub fn seen_by_the_next_process(&self) -> Files {
        let content = |inode: &Inode| {
            let mut content = inode.synced.clone();
            inode.unsynced.iter().for_each(|change| arrive(&mut content, change));
            content
        };
        self.names.iter().map(|(name, inode)| (name.clone(), content(&self.inodes[*inode]))).collect()
    }

    /// The power failed: one of the many things which could be left.
    pub fn after_power_loss(&self, random: &mut Random) -> Files {
        // How much arrives, from nothing to everything.
        let percent = [0, 5, 50, 95, 100][random.below(5)];
        let mut names = self.synced_names.clone();
        for (name, inode) in &self.unsynced_names {
            if random.percent(percent) {
                match inode {
                    Some(inode) => names.insert(name.clone(), *inode),
                    None => names.remove(name),
                };
            }
        }
        names.into_iter().map(|(name, inode)| (name, self.inodes[inode].after_power_loss(percent, random))).collect()
    }
}

impl Inode {
    fn after_power_loss(&self, percent: usize, random: &mut Random) -> Vec<u8> {
        let mut content = self.synced.clone();
        for change in &self.unsynced {
            match change {
                Change::Write { at, bytes } if random.percent(30) => {
                    for (at, bytes) in sectors(*at, bytes) {
                        if random.percent(percent) {
                            arrive(&mut content, &Change::Write { at, bytes });
                        }
                    }
                }
                change if random.percent(percent) => arrive(&mut content, change),
                _ => {}
            }
        }
        // The file may have grown before what belongs there arrived: then anything may stand there.
        if random.percent(30) {
            let longest = self.unsynced.iter().map(end).max().unwrap_or(0);
            let len = content.len();
            content.extend((len..usize::try_from(longest).unwrap().max(len)).map(|_| random.byte()));
        }
        content
    }
}

fn end(change: &Change) -> u64 {
    match change {
        Change::Write { at, bytes } => at + bytes.len() as u64,
        _ => 0,
    }
}

fn arrive(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes } => {
            let at = usize::try_from(*at).unwrap();
            let end = at + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[at..end].copy_from_slice(bytes);
        }
        Change::Truncate { len } => content.resize(usize::try_from(*len).unwrap(), 0),
        other => unreachable!("{other:?} changes no content"),
    }
}

/// Cuts a write where sectors begin.
fn sectors(mut at: u64, mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let room = usize::try_from(SECTOR - at % SECTOR).unwrap().min(bytes.len());
        let (piece, rest) = bytes.split_at(room);
        pieces.push((at, piece.to_vec()));
        at += room as u64;
        bytes = rest;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(change: Change) -> Entry {
        Entry { file: "f".into(), change, confirmed: 0, now: 0 }
    }

    #[test]
    fn only_what_was_synced_is_sure_to_be_left_and_everything_may_be() {
        let mut disk = Disk::default();
        let write = |at, byte| entry(Change::Write { at, bytes: vec![byte; 1024] });
        for step in [entry(Change::Create), write(0, 1), entry(Change::Sync), entry(Change::SyncFolder), write(512, 2)]
        {
            disk.apply(&step);
        }
        let mut left: Vec<Vec<u8>> =
            (0..500).map(|seed| disk.after_power_loss(&mut Random::new(seed))["f"].clone()).collect();
        for content in &left {
            assert_eq!(content[..512], [1; 512]);
            assert!(content[512..1024] == [1; 512] || content[512..1024] == [2; 512]);
        }
        left.sort();
        left.dedup();
        let whole = [vec![1; 512], vec![2; 1024]].concat();
        let torn = [vec![1; 512], vec![2; 512]].concat();
        let out_of_order = [vec![1; 1024], vec![2; 512]].concat();
        for expected in [vec![1; 1024], whole.clone(), torn, out_of_order] {
            assert!(left.contains(&expected));
        }
        assert_eq!(disk.seen_by_the_next_process()["f"], whole);
    }

    #[test]
    fn a_name_that_was_not_synced_may_be_missing() {
        let mut disk = Disk::default();
        for change in [Change::Create, Change::Sync] {
            disk.apply(&entry(change));
        }
        let found: Vec<bool> =
            (0..100).map(|seed| disk.after_power_loss(&mut Random::new(seed)).contains_key("f")).collect();
        assert!(found.contains(&true) && found.contains(&false));
    }
}
