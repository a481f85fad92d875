//! Ways of tampering with one stored object.

use kv_schemas::{
    Store,
    memory::{Cell, Memory},
};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// The lowest bit of the byte at so many fifths of the way.
    Flip(usize),
    /// Another digit for the one at so many fifths of the digits.
    Digit(usize),
    /// Another digit for the first one behind the last of these.
    DigitOf(&'static str),
    /// So much onto a counter.
    Add(i64),
    /// The object goes.
    Delete,
    /// It changes places with the next of its family.
    Swap,
}

use Mutation::{Add, Delete, Digit, DigitOf, Flip, Swap};

/// What is done to objects of a family. Of records with fields that nothing depends on, the others are named.
pub fn ways(family: &str) -> Vec<Mutation> {
    match family {
        "spend" | "units" | "open" | "sequencer-ticket" => vec![Add(-1), Delete, Add(1), Swap],
        "permit" => {
            vec![Flip(0), DigitOf(r#""money":["#), DigitOf(r#","cost":"#), DigitOf(r#""created_at":"#), Delete, Swap]
        }
        "sequencer" => vec![
            Flip(0),
            DigitOf(r#""next_stage":"#),
            DigitOf(r#""size":"#),
            DigitOf(r#""published":"#),
            DigitOf(r#""kept":["#),
            Delete,
        ],
        "checkpoint" => vec![Flip(1), Delete, Flip(2), Digit(0), Swap, Flip(3), Digit(4), Flip(4)],
        _ => vec![Flip(1), Delete, Digit(0), Swap, Flip(3), Digit(2), Flip(4), Digit(4)],
    }
}

impl Mutation {
    /// Does it. `false` where there is nothing to do it to, or it changes nothing.
    pub fn apply(self, store: &Memory, key: &str) -> bool {
        let cell = store.dump().remove(key).unwrap();
        let changed = match (self, &cell) {
            (Delete, _) => {
                store.delete(key).unwrap();
                return true;
            }
            (Swap, _) => return swap(store, key),
            (Add(delta), Cell::Counter(_)) => {
                store.increment(key, delta).unwrap();
                return true;
            }
            (Flip(fifth), Cell::Value(bytes)) => flipped(bytes, fifth),
            (Digit(fifth), Cell::Value(bytes)) => {
                let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
                digits.get(digits.len() * fifth / 5).and_then(|at| other_digit(bytes, *at))
            }
            (DigitOf(field), Cell::Value(bytes)) => {
                let text = std::str::from_utf8(bytes).unwrap();
                let digits =
                    text.rfind(field).map(|at| at + field.len()).into_iter().flat_map(|from| from..bytes.len());
                let mut digits = digits.skip_while(|at| !bytes[*at].is_ascii_digit());
                digits.next().and_then(|at| other_digit(bytes, at))
            }
            _ => None,
        };
        let Some(changed) = changed else { return false };
        store.set(key, &changed).unwrap();
        true
    }
}

fn flipped(bytes: &[u8], fifth: usize) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let at = bytes.len() * fifth / 5;
    *bytes.get_mut(at)? ^= 1;
    Some(bytes)
}

/// Never to zero: a number would begin with it.
fn other_digit(bytes: &[u8], at: usize) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    bytes[at] = if bytes[at] == b'9' { b'1' } else { bytes[at] + 1 };
    Some(bytes)
}

fn swap(store: &Memory, key: &str) -> bool {
    let cells = store.dump();
    let family = |key: &str| key.split('/').next().map(str::to_owned);
    let number = |key: &str| key.rsplit('/').next().and_then(|last| last.parse::<u64>().ok());
    let sibling = match number(key) {
        Some(n) => {
            let next = format!("{}{}", &key[..key.rfind('/').unwrap_or(0) + 1], n + 1);
            cells.contains_key(&next).then_some(next)
        }
        None => {
            cells.range(format!("{key}\u{1}")..).map(|(key, _)| key.clone()).find(|next| family(next) == family(key))
        }
    };
    let Some(sibling) = sibling.filter(|sibling| cells[sibling] != cells[key]) else { return false };
    for (to, from) in [(key, &sibling as &str), (&sibling, key)] {
        match (&cells[from], &cells[to]) {
            (Cell::Value(bytes), Cell::Value(_)) => store.set(to, bytes).unwrap(),
            (Cell::Counter(there), Cell::Counter(here)) => drop(store.increment(to, there - here).unwrap()),
            _ => return false,
        }
    }
    true
}
