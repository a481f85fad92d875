//! Where a page of a list ends, as callers hold it until they ask for the next one.
//!
//! Oldest first that is a position, which stays valid while the list grows, since staged entries keep their order when
//! they get their numbers. (One exception: where a writer fills an old gap between two pages, the second page may repeat
//! an entry instead of showing the late one. The next listing has both.)
//!
//! Newest first the pages begin where such gaps are, and one that was filled would hide an older entry for good. So that
//! cursor names an entry: the next page has what is older than it, wherever it is by then, and nothing of what came since.

use crate::Filter;

/// How many entries of a list come before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position(pub u64);

/// The place between two pages. Oldest first `a17` in everybody's list, `t17` in a tenant's; newest first `A` or `T`, and
/// the `limit_check_id` of the last entry that was looked at.
pub struct Cursor;

impl Cursor {
    /// The text of a position.
    #[must_use]
    pub fn write(filter: &Filter, position: Position) -> String {
        format!("{}{}", Self::letter(filter), position.0)
    }

    /// The position of a text. `None` when it is none, or one of another kind of list.
    #[must_use]
    pub fn read(filter: &Filter, text: &str) -> Option<Position> {
        let digits = text.strip_prefix(Self::letter(filter))?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok().map(Position)).flatten()
    }

    /// The text of the place below an entry, newest first.
    #[must_use]
    pub fn write_below(filter: &Filter, id: &str) -> String {
        format!("{}{id}", Self::letter(filter).to_ascii_uppercase())
    }

    /// The id of the entry that such a text names. `None` when it is none, or one of another kind of list.
    #[must_use]
    pub fn read_below<'a>(filter: &Filter, text: &'a str) -> Option<&'a str> {
        text.strip_prefix(Self::letter(filter).to_ascii_uppercase()).filter(|id| !id.is_empty())
    }

    fn letter(filter: &Filter) -> char {
        match filter {
            Filter::All => 'a',
            Filter::Tenant(_) => 't',
        }
    }
}
