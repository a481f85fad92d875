//! The way from a tree's root down to a leaf, or down to where an older tree ends: prover and verifier walk the same.
//!
//! Source: RFC 6962, sections 2.1.1 and 2.1.2.

/// Leaves `start .. start + length` of a tree, as RFC 6962 cuts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) length: u64,
}

/// One step down: the half that the way does not go into is a hash of the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The way goes left; the hash is that of the right half.
    Left { other: Span },
    /// The way goes right; the hash is that of the left half.
    Right { other: Span },
}

impl Step {
    pub(crate) fn other(&self) -> Span {
        match self {
            Step::Left { other } | Step::Right { other } => *other,
        }
    }
}

impl Span {
    pub(crate) fn whole(size: u64) -> Span {
        Span { start: 0, length: size }
    }

    /// The two halves: cut at the largest power of two below the length. `None` for a single leaf.
    pub(crate) fn halves(self) -> Option<(Span, Span)> {
        if self.length < 2 {
            return None;
        }
        // At most 2^63, so it cannot overflow; and below `length`, so the sums stay inside the tree.
        let cut = self.length.div_ceil(2).next_power_of_two();
        let right = Span { start: self.start.saturating_add(cut), length: self.length.saturating_sub(cut) };
        Some((Span { start: self.start, length: cut }, right))
    }

    /// The first leaf after the span.
    pub(crate) fn end(self) -> u64 {
        self.start.saturating_add(self.length)
    }
}

/// The steps from the root of a tree of `size` leaves to the leaf at `index`, top first.
pub(crate) fn to_leaf(index: u64, size: u64) -> Vec<Step> {
    let (mut steps, mut span) = (Vec::new(), Span::whole(size));
    while let Some((left, right)) = span.halves() {
        span = if index < right.start {
            steps.push(Step::Left { other: right });
            left
        } else {
            steps.push(Step::Right { other: left });
            right
        };
    }
    steps
}

/// The steps from the root of a tree of `new` leaves to the subtree that ends where a tree of `old` leaves ended, top
/// first, and that subtree. It is in both trees; if no step went right, it is the whole old tree.
pub(crate) fn to_end(old: u64, new: u64) -> (Vec<Step>, Span) {
    let (mut steps, mut span) = (Vec::new(), Span::whole(new));
    while span.end() > old {
        let Some((left, right)) = span.halves() else { break };
        span = if old <= right.start {
            steps.push(Step::Left { other: right });
            left
        } else {
            steps.push(Step::Right { other: left });
            right
        };
    }
    (steps, span)
}
