//! A record on its way through several writes that change its last fields only: its JSON is kept, and of each write
//! the end alone is made anew. What is stored is, byte for byte, what writing the whole record would give; or has in
//! front what an earlier release wrote there.

use std::{marker::PhantomData, rc::Rc, thread::LocalKey};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Memo, Store, StoreError, Value};

/// A record of which some fields, the last ones, change.
pub trait Tailed: Serialize {
    /// These fields and no others, in their order, each as the record writes it.
    fn tail(&self) -> impl Serialize;
}

/// A record and its JSON.
#[derive(Debug)]
pub struct Draft<T> {
    record: T,
    json: Vec<u8>,
}

impl<T> Draft<T> {
    /// As it is.
    #[must_use]
    pub fn record(&self) -> &T {
        &self.record
    }

    /// The record alone.
    #[must_use]
    pub fn into_record(self) -> T {
        self.record
    }
}

impl<T: Tailed> Draft<T> {
    /// Changes fields of the tail.
    fn change(&mut self, change: impl FnOnce(&mut T)) -> Result<(), serde_json::Error> {
        let old = tail(&self.record)?;
        change(&mut self.record);
        // An object ends like this only where it has these fields last: within texts, quotes are escaped.
        match self.json.len().checked_sub(old.len()) {
            Some(head) if self.json.ends_with(&old) => {
                self.json.truncate(head);
                self.json.extend_from_slice(&tail(&self.record)?);
            }
            _ => self.json = serde_json::to_vec(&self.record)?,
        }
        Ok(())
    }
}

/// `,"state":...}`
fn tail(record: &impl Tailed) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = Vec::with_capacity(256);
    serde_json::to_writer(&mut json, &record.tail())?;
    if let Some(opening) = json.first_mut() {
        *opening = b',';
    }
    Ok(json)
}

impl<T: Serialize> Value<T> {
    /// Begins a record that will be written several times.
    pub fn begin(&self, record: T) -> Result<Draft<T>, StoreError> {
        let json = self.json(&record)?;
        Ok(Draft { record, json })
    }
}

impl<T: DeserializeOwned + Clone> Value<T> {
    /// Reads it, to write it anew: what is remembered of it goes.
    pub fn draft(&self, store: &dyn Store, memo: &'static LocalKey<Memo<T>>) -> Result<Option<Draft<T>>, StoreError> {
        let Some(json) = store.get(self.key())? else { return Ok(None) };
        let record = match memo.with(|memo| memo.take(self.key(), &json)) {
            Some(known) => Rc::unwrap_or_clone(known),
            None => self.parse(&json, PhantomData)?,
        };
        Ok(Some(Draft { record, json }))
    }
}

impl<T: Tailed + DeserializeOwned + PartialEq> Value<T> {
    /// Writes it with another tail.
    pub fn set_tail(
        &self,
        store: &dyn Store,
        draft: &mut Draft<T>,
        change: impl FnOnce(&mut T),
    ) -> Result<(), StoreError> {
        draft.change(change).map_err(|error| self.corrupt(&error))?;
        self.set_draft(store, draft)
    }

    /// Writes it as it is.
    pub fn set_draft(&self, store: &dyn Store, draft: &Draft<T>) -> Result<(), StoreError> {
        debug_assert!(
            self.parse(&draft.json, PhantomData::<T>).is_ok_and(|read| read == draft.record),
            "what is written of a record is the record: {}",
            String::from_utf8_lossy(&draft.json)
        );
        store.set(self.key(), &draft.json)
    }
}

impl<T> Value<T> {
    /// Remembers it, as it was written, for whoever reads it next.
    pub fn keep(&self, draft: Draft<T>, memo: &'static LocalKey<Memo<T>>) -> Rc<T> {
        let record = Rc::new(draft.record);
        memo.with(|memo| memo.keep(self.key(), "", draft.json, Rc::clone(&record)));
        record
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use serde::Deserialize;

    use super::*;
    use crate::{families, memory::Memory};

    thread_local!(static MEMO: Memo<Record> = const { Memo::new(2) });

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Record {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        state: String,
    }

    impl Tailed for Record {
        fn tail(&self) -> impl Serialize {
            #[derive(Serialize)]
            struct Tail<'a> {
                #[serde(skip_serializing_if = "Option::is_none")]
                note: Option<&'a str>,
                state: &'a str,
            }
            Tail { note: self.note.as_deref(), state: &self.state }
        }
    }

    fn record(name: &str, note: Option<&str>, state: &str) -> Record {
        Record { name: name.into(), note: note.map(Into::into), state: state.into() }
    }

    fn place() -> Value<Record> {
        families::TENANT.value(&["a"])
    }

    #[test]
    fn what_is_written_is_the_record() {
        let store = Memory::default();
        let stored = || String::from_utf8(store.get("tenant/a").unwrap().unwrap()).unwrap();
        for name in ["", "a", "a\",\"state\":\"one\"}", "{}"] {
            let mut draft = place().begin(record(name, None, "one")).unwrap();
            place().set_draft(&store, &draft).unwrap();
            for (note, state) in [(None, "two"), (Some("n\""), "thr\"ee"), (Some(""), ""), (None, "one")] {
                let change = |draft: &mut Record| *draft = record(name, note, state);
                place().set_tail(&store, &mut draft, change).unwrap();
                assert_eq!(stored(), serde_json::to_string(draft.record()).unwrap());
                assert_eq!(*draft.record(), record(name, note, state));
            }
        }
    }

    #[test]
    fn who_reads_it_again_goes_on_from_its_bytes() {
        let store = Memory::default();
        let check = |before: &str, after: &str| {
            store.set("tenant/a", before.as_bytes()).unwrap();
            // Parsed, and then remembered.
            for _ in 0..2 {
                let mut draft = place().draft(&store, &MEMO).unwrap().unwrap();
                place().set_tail(&store, &mut draft, |record| record.state = "new".into()).unwrap();
                assert_eq!(store.get("tenant/a").unwrap().unwrap(), after.as_bytes(), "{before}");
                assert_eq!(place().keep(draft, &MEMO).state, "new");
            }
        };
        check(r#"{"name":"a","state":"old"}"#, r#"{"name":"a","state":"new"}"#);
        check(r#"{"more":1,"name":"a","note":"n","state":"old"}"#, r#"{"more":1,"name":"a","note":"n","state":"new"}"#);
        // Written by somebody else's hand: all of it anew.
        check(r#"{"state":"old","name":"a"}"#, r#"{"name":"a","state":"new"}"#);
        check(r#"{"name":"a", "state":"old"}"#, r#"{"name":"a","state":"new"}"#);
        store.delete("tenant/a").unwrap();
        assert!(place().draft(&store, &MEMO).unwrap().is_none());
    }
}
