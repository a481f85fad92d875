//! What may be tampered with without a difference, and why nobody loses by it.

use kv_schemas::memory::{Cell, Memory};

use crate::mutation::Mutation::{self, Add, Delete, DigitOf, Flip, Swap};

#[derive(Debug)]
pub enum Verdict {
    /// It must be named as a difference.
    Difference,
    /// It is named, as something that passes by itself.
    Waiting,
    /// Nobody reads it, or it says the same as before.
    Harmless(#[allow(dead_code, reason = "read by people")] &'static str),
}

pub fn verdict(world: &Memory, key: &str, mutation: Mutation) -> Verdict {
    let parts: Vec<&str> = key.split('/').collect();
    let text = match world.dump().remove(key) {
        Some(Cell::Value(bytes)) => String::from_utf8(bytes).unwrap(),
        Some(Cell::Counter(n)) => n.to_string(),
        None => String::new(),
    };
    match (parts[0], mutation) {
        ("personal", Delete) => Verdict::Harmless("that is what erasing does: the digest in the entry stays"),
        ("totals" | "tenant-entries", Delete) => {
            Verdict::Harmless("counted anew from the lists, which are checked, by whoever reads it next")
        }
        ("sequencer-ticket", Add(1)) => {
            Verdict::Harmless("a ticket was drawn by a run that did nothing: every run that dies early leaves that")
        }
        ("staged-at", _) => Verdict::Harmless(
            "the place on the stage of an entry that has its number: a repeat of its staging is told another stage index, \
             and the entry stays the one that it is",
        ),
        ("permit", Delete) if text.contains(r#""closed":"#) => {
            Verdict::Harmless("records of closed permits are forgotten after their time: the entry says what it cost")
        }
        ("permit", DigitOf(r#""created_at":"#)) if !text.contains(r#""closed":"#) => {
            Verdict::Harmless("the time of a permit without an entry: it decides the month once there is one")
        }
        ("open" | "spend" | "units", Delete) if text == "0" => Verdict::Harmless("a counter that isn't there is zero"),
        // The log has no sums of sessions and of kinds of tokens: what is above may have been left by a crash.
        ("spend" | "units", Add(1) | Swap)
            if parts[1] == "session" || parts.iter().any(|part| part.ends_with("_tokens")) =>
        {
            Verdict::Waiting
        }
        (_, Flip(_)) => Verdict::Difference,
        _ => Verdict::Difference,
    }
}
