//! What a log says that the store's file doesn't: read after a crash, or beside a gate that runs.

use std::io;
use std::path::Path;

use super::files;
use super::record::{Chain, Logged, parse};
use crate::kv::Seq;

/// The records of one segment, up to the first that isn't whole.
struct Segment {
    chain: Chain,
    first: Seq,
    last: Seq,
    writes: Vec<Logged>,
}

/// Both segments, in their order.
#[derive(Default)]
pub struct Replay {
    segments: Vec<Segment>,
}

impl Replay {
    /// Reads the log in `folder`; an empty one if there is none.
    ///
    /// Beside a gate that runs: **before** a transaction on the store's file begins. What that doesn't hold yet then is in
    /// what was read here, for a segment is used again only after the file has its writes.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut segments = Vec::new();
        for path in files::paths(folder) {
            segments.extend(segment(&files::read(&path)?));
        }
        segments.sort_by_key(|segment| segment.chain.generation);
        Ok(Self { segments })
    }

    /// The writes which a file lacks that holds everything up to `generation`, in their order.
    ///
    /// A segment counts only if it continues what is there: when the power fails, the newer one may be on disk and the end
    /// of the older one not.
    pub fn after(self, generation: u32) -> Vec<Logged> {
        let mut writes = Vec::new();
        let mut before: Option<(Chain, Seq)> = None;
        for segment in self.segments {
            if segment.chain.generation <= generation {
                continue;
            }
            let continues = match before {
                None => Some(segment.chain.generation) == generation.checked_add(1),
                Some((chain, last)) => {
                    chain.salt == segment.chain.salt
                        && chain.generation.checked_add(1) == Some(segment.chain.generation)
                        && last.0.checked_add(1) == Some(segment.first.0)
                }
            };
            if !continues {
                break;
            }
            writes.extend(segment.writes);
            before = Some((segment.chain, segment.last));
        }
        writes
    }

    /// The newest generation of which anything was found.
    pub fn newest(&self) -> Option<u32> {
        self.segments.iter().map(|segment| segment.chain.generation).max()
    }
}

/// The records at the beginning of a file which belong together: what the segment's use before left behind them doesn't.
fn segment(mut bytes: &[u8]) -> Option<Segment> {
    let mut found: Option<Segment> = None;
    while let Some(record) = parse(bytes) {
        let segment = found.get_or_insert(Segment {
            chain: record.chain,
            first: record.first,
            last: Seq(record.first.0.saturating_sub(1)),
            writes: Vec::new(),
        });
        if segment.chain != record.chain || segment.last.0.checked_add(1) != Some(record.first.0) {
            break;
        }
        segment.last = Seq(segment.last.0.saturating_add(record.writes.len() as u64));
        segment.writes.extend(record.writes);
        bytes = bytes.get(record.len..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::record::Group;
    use super::*;

    fn record(salt: u64, generation: u32, first: u64, keys: &[&str]) -> Vec<u8> {
        let mut group = Group::default();
        keys.iter().for_each(|key| group.push("default", key, Some(b"v")));
        group.seal(Chain { salt, generation }, Seq(first + keys.len() as u64 - 1)).to_vec()
    }

    #[test]
    fn only_what_continues_the_file_counts() {
        let check = |segments: [&[Vec<u8>]; 2], file_has: u32, expected: &str| {
            let folder = tempfile::tempdir().unwrap();
            for (path, records) in files::paths(folder.path()).iter().zip(segments) {
                std::fs::write(path, records.concat()).unwrap();
            }
            let found = Replay::read(folder.path()).unwrap().after(file_has);
            let keys: Vec<&str> = found.iter().map(|write| &*write.key).collect();
            assert_eq!(keys.concat(), expected);
        };
        let one = [record(9, 1, 1, &["a", "b"]), record(9, 1, 3, &["c"])];
        let two = [record(9, 2, 4, &["d"])];
        check([&[], &[]], 0, "");
        check([&one, &[]], 0, "abc");
        check([&one, &[]], 1, "");
        check([&one, &two], 0, "abcd");
        check([&two, &one], 0, "abcd");
        check([&one, &two], 1, "d");
        check([&one, &two], 2, "");
        // The end of the older segment, or all of it, didn't reach the disk.
        check([&one[..1], &two], 0, "ab");
        check([&[], &two], 0, "");
        // Behind the records stand those of the segment's use before, or of another opening.
        check([&[record(9, 3, 5, &["e"]), record(9, 1, 6, &["x"])], &two], 1, "de");
        check([&[record(9, 1, 1, &["a"]), record(8, 1, 2, &["x"])], &[]], 0, "a");
        check([&one, &[record(8, 2, 4, &["x"])]], 0, "abc");
        // A record is missing, or torn.
        check([&[record(9, 1, 1, &["a"]), record(9, 1, 3, &["x"])], &[]], 0, "a");
        let mut torn = record(9, 1, 2, &["x"]);
        torn.pop();
        check([&[record(9, 1, 1, &["a"]), torn, record(9, 1, 3, &["x"])], &[]], 0, "a");
    }
}
