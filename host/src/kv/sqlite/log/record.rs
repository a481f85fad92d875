//! One record of the log: a group of writes in their order, whole or not there at all.
//!
//! ```text
//! checksum u32 | length of the writes u32 | salt u64 | generation u32 | number of writes u32 | position of the first u64
//! then each write: label u32 | key u32 | value u32, or MAX for a deletion | the bytes of the three
//! ```
//! All numbers are little-endian; the checksum (CRC-32) covers everything after itself.

use bytes::Bytes;

use crate::kv::Seq;

pub const HEADER: usize = 32;
const DELETED: u32 = u32::MAX;

/// Which chain of records one belongs to: an opening of the store, and the use of a segment in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Random, one per opening: nothing that an earlier opening has left in a file is taken for the present one's.
    pub salt: u64,
    pub generation: u32,
}

/// Writes on their way to the log: encoded when they are acknowledged, so that a commit has only to write them.
pub struct Group {
    /// Begins with room for the header.
    bytes: Vec<u8>,
    writes: u32,
}

impl Default for Group {
    fn default() -> Self {
        Self { bytes: vec![0; HEADER], writes: 0 }
    }
}

impl Group {
    pub fn push(&mut self, store: &str, key: &str, value: Option<&[u8]>) {
        let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let lengths = [len(store.as_bytes()), len(key.as_bytes()), value.map_or(DELETED, len)];
        lengths.iter().for_each(|len| self.bytes.extend_from_slice(&len.to_le_bytes()));
        self.bytes.extend_from_slice(store.as_bytes());
        self.bytes.extend_from_slice(key.as_bytes());
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.writes += 1;
    }

    pub fn writes(&self) -> u32 {
        self.writes
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The record of these writes, the last of which has position `last`.
    pub fn seal(&mut self, chain: Chain, last: Seq) -> &[u8] {
        let body = u32::try_from(self.bytes.len() - HEADER).unwrap_or(u32::MAX);
        let first = last.0 + 1 - u64::from(self.writes);
        self.bytes[4..8].copy_from_slice(&body.to_le_bytes());
        self.bytes[8..16].copy_from_slice(&chain.salt.to_le_bytes());
        self.bytes[16..20].copy_from_slice(&chain.generation.to_le_bytes());
        self.bytes[20..24].copy_from_slice(&self.writes.to_le_bytes());
        self.bytes[24..32].copy_from_slice(&first.to_le_bytes());
        let checksum = crc32fast::hash(&self.bytes[4..]);
        self.bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        &self.bytes
    }

    /// Empty again. Keeps its memory unless that is much.
    pub fn clear(&mut self, keep: usize) {
        self.bytes.truncate(HEADER);
        self.bytes.shrink_to(keep);
        self.writes = 0;
    }
}

/// A write as it stands in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub store: String,
    pub key: String,
    /// `None` is a deletion.
    pub value: Option<Bytes>,
}

/// A record read back.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    pub chain: Chain,
    pub first: Seq,
    pub writes: Vec<Logged>,
    /// Bytes in the file.
    pub len: usize,
}

/// The record at the beginning of `bytes`, if a whole one is there.
pub fn parse(bytes: &[u8]) -> Option<Record> {
    let mut header = Reader(bytes);
    let checksum = header.u32()?;
    let body = usize::try_from(header.u32()?).ok()?;
    let chain = Chain { salt: header.u64()?, generation: header.u32()? };
    let (count, first) = (header.u32()?, Seq(header.u64()?));
    let len = HEADER.checked_add(body)?;
    if crc32fast::hash(bytes.get(4..len)?) != checksum {
        return None;
    }
    let mut reader = Reader(bytes.get(HEADER..len)?);
    let writes = (0..count).map(|_| reader.write()).collect::<Option<Vec<_>>>()?;
    Some(Record { chain, first, writes, len })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn text(&mut self, len: u32) -> Option<String> {
        String::from_utf8(self.take(usize::try_from(len).ok()?)?.into()).ok()
    }

    fn write(&mut self) -> Option<Logged> {
        let (store, key, value) = (self.u32()?, self.u32()?, self.u32()?);
        let (store, key) = (self.text(store)?, self.text(key)?);
        let value = match value {
            DELETED => None,
            len => Some(Bytes::copy_from_slice(self.take(usize::try_from(len).ok()?)?)),
        };
        Some(Logged { store, key, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: Chain = Chain { salt: 0x0123_4567_89ab_cdef, generation: 7 };

    fn record() -> (Vec<u8>, Vec<Logged>) {
        let mut group = Group::default();
        let logged = |key: &str, value: Option<&'static [u8]>| Logged {
            store: "default".into(),
            key: key.into(),
            value: value.map(Bytes::from_static),
        };
        let writes = vec![logged("a", Some(b"1")), logged("", Some(b"")), logged("schlüssel", None)];
        for write in &writes {
            group.push(&write.store, &write.key, write.value.as_deref());
        }
        (group.seal(CHAIN, Seq(12)).to_vec(), writes)
    }

    #[test]
    fn comes_back_as_it_was() {
        let (bytes, writes) = record();
        let found = parse(&[&bytes[..], b"what follows"].concat()).unwrap();
        assert_eq!(found, Record { chain: CHAIN, first: Seq(10), writes, len: bytes.len() });
    }

    #[test]
    fn any_other_bit_and_any_missing_byte_is_noticed() {
        let (bytes, _) = record();
        for len in 0..bytes.len() {
            assert_eq!(parse(&bytes[..len]), None, "cut at {len}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(parse(&other), None, "bit {bit}");
        }
        assert_eq!(parse(&[0; 4096]), None, "zeros");
    }
}
