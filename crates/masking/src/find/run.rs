//! Digits in groups: what a card, a phone number or an identity number may be written as.

use super::text::Text;

/// No number we look for has more.
const MAX_DIGITS: usize = 19;
const MAX_GROUPS: usize = 8;
/// The shortest, a phone number or a DNI, has eight; a Corsican NIR begins with six before its letter.
const MIN_DIGITS: usize = 6;

/// What stands between two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// Nothing: the first group.
    Start,
    /// A blank, which may be a non-breaking one.
    Space,
    Hyphen,
    Dot,
    Slash,
    /// A parenthesis, perhaps with one of the others.
    Parenthesis,
}

#[derive(Debug, Clone, Copy)]
pub struct Group {
    pub separator: Separator,
    pub length: usize,
    pub end: usize,
}

/// The groups from one place on: at most 19 digits in at most eight groups, so that each place costs a constant.
#[derive(Debug)]
pub struct Run {
    pub start: usize,
    digits: Vec<u8>,
    groups: Vec<Group>,
}

/// The first groups of a run.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    pub digits: &'a [u8],
    pub groups: &'a [Group],
    pub end: usize,
}

impl Run {
    /// Reads the run that starts at `start`; a parenthesis just before it counts as open.
    pub fn read(text: Text<'_>, start: usize) -> Self {
        let (digits, groups) = (Vec::with_capacity(MAX_DIGITS), Vec::with_capacity(MAX_GROUPS));
        let mut run = Self { start, digits, groups };
        let mut is_open = text.before(start, 1) == b'(';
        let mut next = Some((Separator::Start, start));
        while let Some((separator, from)) = next.filter(|_| run.groups.len() < MAX_GROUPS) {
            let room = MAX_DIGITS.saturating_sub(run.digits.len());
            let length = (from..).take(room.saturating_add(1)).take_while(|at| text.at(*at).is_ascii_digit()).count();
            if length == 0 || length > room {
                break;
            }
            let end = from.saturating_add(length);
            run.digits.extend((from..end).map(|place| text.at(place).saturating_sub(b'0')));
            run.groups.push(Group { separator, length, end });
            next = separator_at(text, end, &mut is_open);
        }
        run
    }

    /// Too few digits for anything that begins with a digit.
    pub fn is_short(&self) -> bool {
        self.digits.len() < MIN_DIGITS
    }

    /// All groups, then all but the last, and so on.
    pub fn windows(&self) -> impl Iterator<Item = Window<'_>> {
        (1..=self.groups.len()).rev().filter_map(|count| {
            let groups = self.groups.get(..count)?;
            let length = groups.iter().fold(0_usize, |total, group| total.saturating_add(group.length));
            Some(Window { digits: self.digits.get(..length)?, groups, end: groups.last()?.end })
        })
    }
}

impl Window<'_> {
    /// Whether the groups have these lengths, with these separators between them.
    pub fn is_shape(&self, lengths: &[usize], separators: &[Separator]) -> bool {
        self.groups.iter().map(|group| group.length).eq(lengths.iter().copied()) && self.is_separated_by(separators)
    }

    pub fn is_separated_by(&self, separators: &[Separator]) -> bool {
        self.groups.iter().skip(1).all(|group| separators.contains(&group.separator))
    }

    /// The separators of the groups after the first are all the same.
    pub fn is_uniform(&self) -> bool {
        let mut separators = self.groups.iter().skip(1).map(|group| group.separator);
        let first = separators.next();
        separators.all(|separator| Some(separator) == first)
    }

    /// Day, month and year, in either order.
    pub fn is_date(&self) -> bool {
        const BETWEEN: [Separator; 3] = [Separator::Dot, Separator::Hyphen, Separator::Slash];
        let Some(head) = self.groups.get(..3) else {
            return false;
        };
        let head = Window { groups: head, ..*self };
        let is_shape = head.is_shape(&[2, 2, 4], &BETWEEN) || head.is_shape(&[4, 2, 2], &BETWEEN);
        is_shape && head.is_uniform()
    }
}

/// What separates the group that ends here from the next, and where that one begins.
fn separator_at(text: Text<'_>, end: usize, is_open: &mut bool) -> Option<(Separator, usize)> {
    let closes = *is_open && text.at(end) == b')';
    let place = end.saturating_add(usize::from(closes));
    let (between, length) = match (text.at(place), text.after(place, 1), text.after(place, 2)) {
        (b' ', ..) => (Some(Separator::Space), 1),
        (0xC2, 0xA0, _) => (Some(Separator::Space), 2),
        (0xE2, 0x80, 0xAF) => (Some(Separator::Space), 3),
        (b'-', ..) => (Some(Separator::Hyphen), 1),
        (b'.', ..) => (Some(Separator::Dot), 1),
        (b'/', ..) => (Some(Separator::Slash), 1),
        _ => (None, 0),
    };
    let place = place.saturating_add(length);
    let opens = (closes || !*is_open) && text.at(place) == b'(';
    let place = place.saturating_add(usize::from(opens));
    if closes || opens {
        *is_open = opens;
    }
    let separator = if closes || opens { Separator::Parenthesis } else { between? };
    text.at(place).is_ascii_digit().then_some((separator, place))
}
