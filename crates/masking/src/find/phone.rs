//! Phone numbers, by shape.
//!
//! | form | rule | example |
//! |---|---|---|
//! | international | `+` or `00`, a country code, 8 to 15 digits; after `+1` ten, the area from 2 up | `+49 (0)30 1234567` |
//! | North America | 3-3-4, area and exchange from 2 up, perhaps `1` before | `415-555-2671` |
//! | trunk zero | `0` and 8 to 11 more digits in 2 to 5 groups, the first of 2 to 5 digits | `030/123 45 67` |
//! | area in parentheses | 2 to 5 digits (no year), then 6 to 9 | `(11) 91234-5678` |
//! | China | 3-4-4 from 13 to 19 | `138 0013 8000` |
//! | after a cue | 8 to 15 digits, grouped or not, near after `tel`, `phone`, `mobile`, `call`, ... | `phone: 4155552671` |
//!
//! Groups are separated by one blank, `-`, `.`, `/` or parentheses. Digits without any separator are a phone number
//! only after a cue or `+`: otherwise order numbers would be. Dates, IP addresses, decimals, times and sums of money
//! are not. Source: ITU-T E.123 and E.164, the North American Numbering Plan.

use super::run::{Run, Separator, Window};
use super::text::{Text, is_word};

/// The end of the phone number that starts here. `run` is there when a digit is.
pub fn at(text: Text<'_>, start: usize, run: Option<&Run>) -> Option<usize> {
    let inside = start.saturating_add(1);
    match text.at(start) {
        b'+' if !is_word(text.before(start, 1)) && text.before(start, 1) != b'+' => {
            longest(text, start, &Run::read(text, inside), is_international)
        }
        b'(' if !is_word(text.before(start, 1)) => {
            let run = Run::read(text, inside);
            longest(text, start, &run, |window| is_area_in_parentheses(window) || is_north_american(window))
        }
        _ => run.filter(|_| text.starts_number(start)).and_then(|run| plain(text, run)),
    }
}

fn plain(text: Text<'_>, run: &Run) -> Option<usize> {
    let start = run.start;
    let is_shape = |window: &Window<'_>| {
        // Three groups with blanks between may also be three numbers of a list.
        let is_list = window.is_separated_by(&[Separator::Space])
            && (text.is_preceded_by_digits(start) || text.is_followed_by_digits(window.end));
        let is_fixed = (is_north_american(window) || is_chinese(window)) && !is_list;
        let is_pairs = window.is_shape(&[2, 2, 2, 2, 2], &PLAIN) && text.has_pair_beside(start, window.end);
        is_fixed || (is_trunk(window) && !is_pairs) || is_double_zero(window)
    };
    longest(text, start, run, is_shape).or_else(|| {
        let is_numeric = |window: &Window<'_>| (8..=15).contains(&window.digits.len()) && !window.is_date();
        let found = longest(text, start, run, is_numeric)?;
        text.has_cue(start, is_cue).then_some(found)
    })
}

/// The longest window that has the shape, ends a number and leaves no parenthesis open.
fn longest(text: Text<'_>, start: usize, run: &Run, is_shape: impl Fn(&Window<'_>) -> bool) -> Option<usize> {
    let is_whole = |window: &Window<'_>| {
        let inside = text.slice(start, window.end);
        inside.matches('(').count() == inside.matches(')').count()
    };
    let ends = |end: usize| {
        let is_extension = matches!(text.at(end), b'x' | b'X') && text.after(end, 1).is_ascii_digit();
        text.ends_number(end) || is_extension
    };
    let found = run.windows().find(|window| is_shape(window) && is_whole(window) && ends(window.end));
    found.filter(|window| !is_ip_address(window)).map(|window| window.end)
}

const PLAIN: [Separator; 4] = [Separator::Space, Separator::Hyphen, Separator::Dot, Separator::Slash];

fn is_international(window: &Window<'_>) -> bool {
    is_country(window.digits, 8) && is_one_number(window)
}

fn is_double_zero(window: &Window<'_>) -> bool {
    matches!(window.digits, [0, 0, rest @ ..] if is_country(rest, 10)) && is_one_number(window)
}

/// E.164: a country code that exists, and no more than 15 digits in all.
fn is_country(digits: &[u8], least: usize) -> bool {
    match digits {
        [1, area, ..] => *area >= 2 && digits.len() == 11,
        // 28, 83 and 89 are not given out.
        [0, ..] | [2, 8, ..] | [8, 3 | 9, ..] => false,
        _ => (least..=15).contains(&digits.len()),
    }
}

/// A group of nine or more digits is a whole number already; another group after it belongs to something else.
fn is_one_number(window: &Window<'_>) -> bool {
    let last = window.groups.len().saturating_sub(1);
    window.groups.iter().take(last).all(|group| group.length < 9)
}

fn is_north_american(window: &Window<'_>) -> bool {
    let separators = [Separator::Space, Separator::Hyphen, Separator::Dot, Separator::Slash, Separator::Parenthesis];
    let number = match window.digits {
        [1, rest @ ..] if window.is_shape(&[1, 3, 3, 4], &separators) => rest,
        rest if window.is_shape(&[3, 3, 4], &separators) => rest,
        _ => return false,
    };
    matches!(number, [2..=9, _, _, 2..=9, ..])
}

fn is_chinese(window: &Window<'_>) -> bool {
    window.is_shape(&[3, 4, 4], &[Separator::Space, Separator::Hyphen]) && matches!(window.digits, [1, 3..=9, ..])
}

fn is_trunk(window: &Window<'_>) -> bool {
    let separators = [Separator::Space, Separator::Hyphen, Separator::Dot, Separator::Slash, Separator::Parenthesis];
    let (first, others) = match window.groups {
        [first, others @ ..] => (first.length, others),
        [] => return false,
    };
    let is_six_pairs = window.is_shape(&[2; 6], &separators);
    matches!(window.digits, [0, 1..=9, ..])
        && (9..=12).contains(&window.digits.len())
        && (2..=5).contains(&first)
        && (1..=4).contains(&others.len())
        && others.iter().all(|group| group.length >= 2)
        && !is_six_pairs
        && !window.is_date()
}

fn is_area_in_parentheses(window: &Window<'_>) -> bool {
    let [area, first, others @ ..] = window.groups else {
        return false;
    };
    let is_year = area.length == 4 && matches!(window.digits, [1, 9, ..] | [2, 0, ..]);
    let rest = window.digits.len().saturating_sub(area.length);
    first.separator == Separator::Parenthesis
        && (2..=5).contains(&area.length)
        && !is_year
        && (6..=9).contains(&rest)
        && first.length >= 2
        && others.iter().all(|group| group.length >= 2)
}

fn is_ip_address(window: &Window<'_>) -> bool {
    window.groups.len() == 4
        && window.is_separated_by(&[Separator::Dot])
        && window.groups.iter().all(|group| group.length <= 3)
}

fn is_cue(word: &str) -> bool {
    const WORDS: [&str; 9] = ["tel", "call", "cell", "sms", "fax", "handy", "whatsapp", "dial", "cel"];
    const BEGINNINGS: [&str; 7] = ["phone", "telef", "telep", "mobil", "cellp", "rufnummer", "handynummer"];
    WORDS.contains(&word) || BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
}
