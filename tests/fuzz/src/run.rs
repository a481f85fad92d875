//! Rounds of one target: as many as its time allows, each repeatable; and what is told when one of them fails.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Once, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::damage::{damaged, words};
use crate::rng::Rng;
use crate::shrink::shrunk;

/// What a parser is given at once, such as headers, a body and a secret.
pub type Case = Vec<Vec<u8>>;

/// So many rounds at least, however slow the machine is at the moment.
const FEWEST_ROUNDS: u64 = 200;
/// No case takes so long, unless its cost grows faster than its size.
const SLOW: Duration = Duration::from_secs(5);

/// A case for which the target's property doesn't hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub target: String,
    pub seed: u64,
    pub round: u64,
    pub what: String,
    /// As small as it could quickly be made.
    pub case: Case,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, seed, round, what, case } = self;
        writeln!(f, "{target}: {what}\nround {round}, repeated by FUZZ_SEED={seed}; the case, part by part:")?;
        for part in case {
            let shown = String::from_utf8_lossy(&part[..part.len().min(2_000)]);
            writeln!(f, "  {} bytes: {shown:?}", part.len())?;
        }
        Ok(())
    }
}

/// Tries the property on damaged cases for `bound` (or `FUZZ_MS`).
///
/// # Panics
/// It doesn't hold for one of them, or for a good one.
pub fn hold(target: &str, corpus: &[Case], bound: Duration, property: impl Fn(&Case) -> Result<(), String>) {
    let given = std::env::var("FUZZ_MS").ok().and_then(|text| text.parse().ok()).map(Duration::from_millis);
    match explore(target, corpus, seed(), given.unwrap_or(bound), property) {
        Ok(rounds) => println!("{target}: {rounds} rounds"),
        Err(finding) => panic!("{finding}"),
    }
}

/// The same, and how many rounds there were. A property that panics doesn't hold.
pub fn explore(
    target: &str,
    corpus: &[Case],
    seed: u64,
    bound: Duration,
    property: impl Fn(&Case) -> Result<(), String>,
) -> Result<u64, Finding> {
    assert!(!corpus.is_empty(), "{target} has nothing to begin with");
    let words = words();
    let fails = |case: &Case| judged(&property, case).err();
    let finding = |round: u64, what: String, case: Case| {
        let case = shrunk(case, &|case| fails(case).is_some());
        let what = fails(&case).unwrap_or(what);
        Finding { target: target.to_owned(), seed, round, what, case }
    };
    for case in corpus {
        if let Some(what) = fails(case) {
            return Err(finding(0, format!("(undamaged) {what}"), case.clone()));
        }
    }
    let begun = Instant::now();
    let mut round = 0;
    while round < FEWEST_ROUNDS || begun.elapsed() < bound {
        round += 1;
        let case = damaged_case(&mut Rng::of(seed, target, round), corpus, &words);
        if let Some(what) = fails(&case) {
            return Err(finding(round, what, case));
        }
    }
    Ok(round)
}

/// A good case with one part damaged, or several.
fn damaged_case(rng: &mut Rng, corpus: &[Case], words: &[Vec<u8>]) -> Case {
    let mut case = rng.pick(corpus).cloned().unwrap_or_default();
    let times = if rng.one_in(4) { 1 + rng.below(case.len()) } else { 1 };
    for _ in 0..times {
        let at = heaviest(rng, &case);
        let others: Vec<&[u8]> = corpus.iter().filter_map(|other| other.get(at)).map(Vec::as_slice).collect();
        if let Some(part) = case.get_mut(at) {
            *part = damaged(rng, part, &others, words);
        }
    }
    case
}

/// One of the parts, the longer the rather: there is more in it to be damaged.
fn heaviest(rng: &mut Rng, case: &Case) -> usize {
    let weight = |part: &Vec<u8>| part.len().min(500) + 20;
    let mut left = rng.below(case.iter().map(weight).sum());
    let mut weights = case.iter().map(weight);
    weights
        .position(|weight| {
            let found = left < weight;
            left = left.saturating_sub(weight);
            found
        })
        .unwrap_or_default()
}

fn judged(property: &impl Fn(&Case) -> Result<(), String>, case: &Case) -> Result<(), String> {
    let begun = Instant::now();
    let found = quietly(|| property(case)).unwrap_or_else(|panic| Err(format!("panics: {}", said(&*panic))));
    if found.is_ok() && begun.elapsed() > SLOW {
        return Err(format!("takes {} ms", begun.elapsed().as_millis()));
    }
    found
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs it without a panic's message on the console: while a case is made smaller there are hundreds.
fn quietly<T>(run: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
    QUIET.set(true);
    let found = catch_unwind(AssertUnwindSafe(run));
    QUIET.set(false);
    found
}

/// The seed of this run, told past the test harness: should a parser bring the whole process down, it is known all the
/// same.
pub fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let fresh = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_nanos() as u64);
        let seed = match std::env::var("FUZZ_SEED").as_deref() {
            // Whoever changes something else wants to hear of that, and not of an old fault by chance.
            Err(_) => 1,
            Ok("fresh") => fresh(),
            Ok(text) => text.parse().expect("FUZZ_SEED is a whole number, or fresh"),
        };
        drop(writeln!(std::io::stderr(), "FUZZ_SEED={seed}"));
        seed
    })
}
