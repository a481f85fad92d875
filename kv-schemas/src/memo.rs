//! What was made of records the last time: those that hardly change are not parsed again in every call.
//!
//! The store is asked every time all the same, and what is remembered is used only where it gives the very bytes that
//! were parsed (or written) then. So a change is seen at once, whoever made it, on whatever node; and nothing depends on
//! whether a record is remembered, nor on which store it came from.

use std::{cell::RefCell, rc::Rc};

/// The last few records of one type, for [`Value::get_memo`](crate::Value::get_memo). To be had once for each thread:
/// an instance of a component is one.
#[derive(Debug)]
pub struct Memo<T> {
    entries: RefCell<Entries<T>>,
}

#[derive(Debug)]
struct Entries<T> {
    /// At most `room`.
    kept: Vec<Entry<T>>,
    room: usize,
    /// Who goes next when it is full.
    next: usize,
}

#[derive(Debug)]
struct Entry<T> {
    key: String,
    /// What was read of it: empty for all of it.
    part: String,
    bytes: Vec<u8>,
    value: Rc<T>,
}

impl<T> Entry<T> {
    fn is(&self, key: &str, part: &str) -> bool {
        are_same(self.key.as_bytes(), key.as_bytes()) && self.part == part
    }
}

impl<T> Memo<T> {
    /// Remembers at most `room` records.
    #[must_use]
    pub const fn new(room: usize) -> Self {
        Self { entries: RefCell::new(Entries { kept: Vec::new(), room, next: 0 }) }
    }

    /// What was made of these bytes.
    pub(crate) fn find(&self, key: &str, part: &str, bytes: &[u8]) -> Option<Rc<T>> {
        let entries = self.entries.borrow();
        let entry = entries.kept.iter().find(|entry| entry.is(key, part))?;
        are_same(&entry.bytes, bytes).then(|| Rc::clone(&entry.value))
    }

    /// The same, and forgets it.
    pub(crate) fn take(&self, key: &str, bytes: &[u8]) -> Option<Rc<T>> {
        let mut entries = self.entries.borrow_mut();
        let index = entries.kept.iter().position(|entry| entry.is(key, ""))?;
        let entry = entries.kept.swap_remove(index);
        are_same(&entry.bytes, bytes).then_some(entry.value)
    }

    /// Remembers it, instead of what was remembered of the key.
    pub(crate) fn keep(&self, key: &str, part: &str, bytes: Vec<u8>, value: Rc<T>) {
        let mut entries = self.entries.borrow_mut();
        if let Some(old) = entries.kept.iter_mut().find(|entry| entry.is(key, part)) {
            (old.bytes, old.value) = (bytes, value);
            return;
        }
        let entry = Entry { key: key.to_owned(), part: part.to_owned(), bytes, value };
        if entries.kept.len() < entries.room {
            entries.kept.push(entry);
            return;
        }
        let next = entries.next;
        entries.next = if next.saturating_add(1) < entries.room { next.saturating_add(1) } else { 0 };
        if let Some(oldest) = entries.kept.get_mut(next) {
            *oldest = entry;
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.entries.borrow().kept.len()
    }
}

/// Eight bytes at a time: in Wasm the comparison of slices goes one by one.
fn are_same(a: &[u8], b: &[u8]) -> bool {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let eights = |(a, b): (&[u8; 8], &[u8; 8])| u64::from_ne_bytes(*a) == u64::from_ne_bytes(*b);
    a.len() == b.len() && a_rest == b_rest && a.iter().zip(b).all(eights)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "tests may panic"
    )]

    use std::cell::Cell;

    use serde::{Deserialize, Deserializer, Serialize};

    use super::*;
    use crate::{Store, StoreError, Value, families, memory::Memory};

    thread_local! {
        static PARSED: Cell<usize> = const { Cell::new(0) };
        static MEMO: Memo<Record> = const { Memo::new(3) };
    }

    #[derive(Debug, Clone, PartialEq, Serialize)]
    struct Record(String);

    impl<'de> Deserialize<'de> for Record {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            PARSED.set(PARSED.get() + 1);
            String::deserialize(deserializer).map(Self)
        }
    }

    fn at(key: &str) -> Value<Record> {
        families::TENANT.value(&[key])
    }

    /// Reads it, and says how often something was parsed for that.
    fn read(store: &Memory, key: &str) -> (Option<String>, usize) {
        let before = PARSED.get();
        let found = at(key).get_memo(store, &MEMO).unwrap().map(|record| record.0.clone());
        (found, PARSED.get() - before)
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_same_bytes_are_parsed_once_and_others_anew() {
        let (store, other) = (Memory::default(), Memory::default());
        assert_eq!(read(&store, "a"), (None, 0));
        for content in
            ["one", "two", "tw", "two", "a good deal longer than eight bytes", "a good deal longer than 8 bytes!!!!"]
        {
            store.set("tenant/a", format!("{content:?}").as_bytes()).unwrap();
            assert_eq!(read(&store, "a"), (text(content), 1), "{content}");
            assert_eq!(read(&store, "a"), (text(content), 0), "{content}");
        }
        assert_eq!(read(&other, "a"), (None, 0), "another store has no such record");
        other.set("tenant/a", br#""three""#).unwrap();
        assert_eq!(
            (read(&other, "a"), read(&store, "a").0),
            ((text("three"), 1), text("a good deal longer than 8 bytes!!!!"))
        );
        store.delete("tenant/a").unwrap();
        assert_eq!(read(&store, "a"), (None, 0), "what is gone is gone");
        store.set("tenant/a", b"{").unwrap();
        assert!(matches!(at("a").get_memo(&store, &MEMO), Err(StoreError::Corrupt { .. })));
        store.fail_after(0);
        assert!(matches!(at("a").get_memo(&store, &MEMO), Err(StoreError::Unavailable(_))));
    }

    #[test]
    fn so_many_are_remembered_and_no_more() {
        let store = Memory::default();
        let keys: Vec<String> = (0..10).map(|n| format!("k{n}")).collect();
        for key in &keys {
            at(key).set(&store, &Record(key.clone())).unwrap();
        }
        for key in keys.iter().chain(&keys) {
            assert_eq!(read(&store, key), (text(key), 1), "{key} made room for others");
            assert_eq!(read(&store, key), (text(key), 0));
            assert!(MEMO.with(Memo::len) <= 3);
        }
        for key in &keys[7..] {
            assert_eq!(read(&store, key), (text(key), 0), "the last three are there");
        }
    }

    #[test]
    fn what_was_written_is_remembered_until_it_is_taken() {
        let store = Memory::default();
        let take = |key: &str| {
            let before = PARSED.get();
            let found = at(key).draft(&store, &MEMO).unwrap().map(|draft| draft.record().0.clone());
            (found, PARSED.get() - before)
        };
        let written = |key: &str, content: &str| {
            let draft = at(key).begin(Record(content.to_owned())).unwrap();
            at(key).set(&store, draft.record()).unwrap();
            at(key).keep(draft, &MEMO)
        };
        assert_eq!(take("a"), (None, 0));
        written("a", "one");
        assert_eq!((read(&store, "a"), take("a")), ((text("one"), 0), (text("one"), 0)));
        assert_eq!(take("a"), (text("one"), 1), "it is still in the store");
        written("a", "one");
        store.set("tenant/a", br#""two""#).unwrap();
        assert_eq!(take("a"), (text("two"), 1), "somebody else wrote it since");
        let shared = written("a", "three");
        assert_eq!((take("a"), shared.0.as_str()), ((text("three"), 0), "three"), "who holds it keeps it");
    }

    #[test]
    fn parts_of_a_record_are_told_apart() {
        let store = Memory::default();
        store.set("tenant/a", br#""one""#).unwrap();
        let part = |part: &str| {
            let before = PARSED.get();
            let seed = std::marker::PhantomData::<Record>;
            at("a").get_memo_with(&store, &MEMO, part, seed).unwrap();
            PARSED.get() - before
        };
        assert_eq!(["x", "y", "x", "y", ""].map(part), [1, 1, 0, 0, 1]);
    }

    #[test]
    fn bytes_are_the_same_or_not() {
        let bytes: Vec<u8> = (0..40).collect();
        for length in 0..bytes.len() {
            let a = &bytes[..length];
            assert!(are_same(a, a));
            for other in 0..length {
                assert!(!are_same(a, &bytes[..other]), "{length} and {other}");
                let mut changed = a.to_vec();
                changed[other] ^= 128;
                assert!(!are_same(a, &changed), "{length}, changed at {other}");
            }
        }
    }
}
