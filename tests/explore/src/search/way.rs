//! How each state was reached: one word per state, followed backwards.

/// How an operation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Done,
    /// Applied, answered with an error.
    Lost,
    /// Not applied, answered with an error.
    Refused,
    /// No operation: whoever is at work has crashed, and the next phase begins.
    PhaseOver,
}

/// One move of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
    pub actor: u8,
    pub how: How,
}

/// A state's place among the ways.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way(u32);

/// All ways taken, as a tree with links to the root.
#[derive(Default)]
pub(crate) struct Ways(Vec<(u32, Move)>);

impl Ways {
    pub fn begin(&mut self) -> Way {
        self.0.push((0, Move { actor: 0, how: How::PhaseOver }));
        Way(0)
    }

    pub fn add(&mut self, from: Way, step: Move) -> Way {
        self.0.push((from.0, step));
        Way(u32::try_from(self.0.len() - 1).expect("fewer than four thousand million"))
    }

    pub fn to(&self, mut way: Way) -> Vec<Move> {
        let mut moves = Vec::new();
        while way.0 != 0 {
            let (from, step) = self.0[way.0 as usize];
            moves.push(step);
            way = Way(from);
        }
        moves.reverse();
        moves
    }
}
