//! A state of the whole system as a row of words, with a hash that follows every change.
//!
//! ```text
//!   word 0        phase, error answers and crashes still allowed
//!   1 ..= actors  where each actor stands
//!   then          one cell per key, by the key's number
//! ```

use crate::operation::{Operation, Reply};

/// Where an actor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// Its phase has not begun.
    Waiting,
    /// It does nothing any more.
    Crashed,
    /// At this node of its behaviour.
    At(u32),
    /// With this outcome.
    Ended(u32),
}

impl Stand {
    fn word(self) -> u64 {
        match self {
            Self::Waiting => 0,
            Self::Crashed => 1,
            Self::At(node) => u64::from(node) << 2 | 2,
            Self::Ended(outcome) => u64::from(outcome) << 2 | 3,
        }
    }

    fn of(word: u64) -> Self {
        let number = (word >> 2) as u32;
        match word & 3 {
            0 => Self::Waiting,
            1 => Self::Crashed,
            2 => Self::At(number),
            _ => Self::Ended(number),
        }
    }
}

/// What is under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    Absent,
    Value(u32),
    Counter(i64),
}

impl Cell {
    fn word(self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Value(id) => u64::from(id) << 2 | 1,
            Self::Counter(sum) => {
                assert!(sum.abs() < 1 << 60, "a counter runs away");
                (sum << 2) as u64 | 2
            }
        }
    }

    fn of(word: u64) -> Self {
        match word & 3 {
            0 => Self::Absent,
            1 => Self::Value((word >> 2) as u32),
            _ => Self::Counter(word as i64 >> 2),
        }
    }
}

/// What the rest of a run may still suffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub phase: u8,
    pub errors: u8,
    /// 255: any number.
    pub crashes: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    words: Vec<u64>,
    hash: u128,
    actors: u8,
}

impl State {
    pub fn new(actors: usize) -> Self {
        let count = u8::try_from(actors).expect("few actors");
        Self { words: vec![0; 1 + actors], hash: 0, actors: count }
    }

    pub fn hash(&self) -> u128 {
        self.hash
    }

    fn put(&mut self, slot: usize, word: u64) {
        if slot >= self.words.len() {
            self.words.resize(slot + 1, 0);
        }
        self.hash ^= mix(slot, self.words[slot]) ^ mix(slot, word);
        self.words[slot] = word;
    }

    pub fn header(&self) -> Header {
        let [phase, errors, crashes, ..] = self.words[0].to_le_bytes();
        Header { phase, errors, crashes }
    }

    pub fn set_header(&mut self, header: Header) {
        self.put(0, u64::from_le_bytes([header.phase, header.errors, header.crashes, 0, 0, 0, 0, 0]));
    }

    pub fn stands(&self) -> impl Iterator<Item = Stand> + '_ {
        self.words[1..=usize::from(self.actors)].iter().map(|word| Stand::of(*word))
    }

    pub fn stand(&self, actor: usize) -> Stand {
        Stand::of(self.words[1 + actor])
    }

    pub fn set_stand(&mut self, actor: usize, stand: Stand) {
        self.put(1 + actor, stand.word());
    }

    pub fn cell(&self, key: u32) -> Cell {
        self.words.get(1 + usize::from(self.actors) + key as usize).map_or(Cell::Absent, |word| Cell::of(*word))
    }

    pub fn set_cell(&mut self, key: u32, cell: Cell) {
        self.put(1 + usize::from(self.actors) + key as usize, cell.word());
    }

    /// Does the operation; `None` if it uses a value as a counter or a counter as a value.
    pub fn apply(&mut self, operation: Operation) -> Option<Reply> {
        let cell = self.cell(operation.key());
        match (operation, cell) {
            (Operation::Get(_), Cell::Absent) => Some(Reply::Value(None)),
            (Operation::Get(_), Cell::Value(id)) => Some(Reply::Value(Some(id))),
            (Operation::Set(key, value), Cell::Absent | Cell::Value(_)) => {
                self.set_cell(key, Cell::Value(value));
                Some(Reply::Done)
            }
            (Operation::Delete(key), _) => {
                self.set_cell(key, Cell::Absent);
                Some(Reply::Done)
            }
            (Operation::Exists(_), cell) => Some(Reply::Flag(cell != Cell::Absent)),
            (Operation::Increment(key, delta), Cell::Absent | Cell::Counter(_)) => {
                let sum = if let Cell::Counter(sum) = cell { sum + delta } else { delta };
                self.set_cell(key, Cell::Counter(sum));
                Some(Reply::Sum(sum))
            }
            (Operation::Get(_), Cell::Counter(_))
            | (Operation::Set(..), Cell::Counter(_))
            | (Operation::Increment(..), Cell::Value(_)) => None,
        }
    }
}

/// A word's share in the hash (Zobrist). An absent cell has none, so that keys met later change nothing.
fn mix(slot: usize, word: u64) -> u128 {
    if word == 0 {
        return 0;
    }
    let slot = slot as u64;
    let high = scramble(word ^ scramble(slot.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x2545_F491_4F6C_DD1D));
    let low = scramble(word.wrapping_add(scramble(slot ^ 0xD1B5_4A32_D192_ED03)).rotate_left(29));
    u128::from(high) << 64 | u128::from(low)
}

/// The finalizer of SplitMix64.
fn scramble(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_what_they_are_given() {
        for cell in [Cell::Absent, Cell::Value(0), Cell::Value(u32::MAX), Cell::Counter(0), Cell::Counter(-7)] {
            assert_eq!(Cell::of(cell.word()), cell);
        }
        for stand in [Stand::Waiting, Stand::Crashed, Stand::At(0), Stand::At(u32::MAX), Stand::Ended(3)] {
            assert_eq!(Stand::of(stand.word()), stand);
        }
    }

    #[test]
    fn the_hash_is_of_the_content_and_not_of_the_way_there() {
        let mut one = State::new(2);
        let mut other = State::new(2);
        one.set_cell(3, Cell::Counter(5));
        one.set_cell(1, Cell::Value(1));
        one.set_cell(9, Cell::Value(4));
        one.set_cell(9, Cell::Absent);
        other.set_cell(1, Cell::Value(2));
        other.set_cell(1, Cell::Value(1));
        assert_ne!(one.hash(), other.hash());
        other.set_cell(3, Cell::Counter(5));
        assert_eq!(one.hash(), other.hash());
        other.set_stand(1, Stand::Crashed);
        assert_ne!(one.hash(), other.hash());
    }
}
