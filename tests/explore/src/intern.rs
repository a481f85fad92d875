//! Keys and values by number, so that a state is a row of words.

use std::{collections::HashMap, rc::Rc};

/// Every key and every value met so far.
#[derive(Default)]
pub(crate) struct Interner {
    keys: Table<str>,
    values: Table<[u8]>,
}

struct Table<T: ?Sized> {
    all: Vec<Rc<T>>,
    ids: HashMap<Rc<T>, u32>,
}

impl<T: ?Sized> Default for Table<T> {
    fn default() -> Self {
        Self { all: Vec::new(), ids: HashMap::new() }
    }
}

impl<T: ?Sized + std::hash::Hash + Eq> Table<T> {
    fn id(&mut self, item: &T) -> u32
    where
        for<'a> Rc<T>: From<&'a T>,
    {
        if let Some(id) = self.ids.get(item) {
            return *id;
        }
        let id = u32::try_from(self.all.len()).expect("fewer than four thousand million");
        let item: Rc<T> = Rc::from(item);
        self.all.push(item.clone());
        self.ids.insert(item, id);
        id
    }
}

impl Interner {
    pub fn key(&mut self, key: &str) -> u32 {
        self.keys.id(key)
    }

    pub fn value(&mut self, bytes: &[u8]) -> u32 {
        self.values.id(bytes)
    }

    /// The number of a key that has been met.
    pub fn known(&self, key: &str) -> Option<u32> {
        self.keys.ids.get(key).copied()
    }

    pub fn key_name(&self, id: u32) -> &Rc<str> {
        &self.keys.all[id as usize]
    }

    pub fn bytes(&self, id: u32) -> &Rc<[u8]> {
        &self.values.all[id as usize]
    }

    pub fn keys(&self) -> usize {
        self.keys.all.len()
    }
}
