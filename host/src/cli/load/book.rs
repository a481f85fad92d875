//! What came of a month: calls, rungs, denials, money.

use std::collections::BTreeMap;

use calendar::Millis;
use limits::{Denial, Rung};
use money::Nanos;
use serde_json::{Value, json};

use super::pattern::Pattern;
use crate::cli::out::{self, Column, Paint, Table, left, right};
use crate::cli::words::grouped;

const CALLS: &[Column] = &[
    left("CAPABILITY", "/capability"),
    right("ASKED", "/asked"),
    right("GRANTED", "/granted"),
    right("REFUSED", "/refused"),
    right("COST USD", "/cost_usd"),
    right("WITHOUT CAPS", "/without_caps_usd"),
];
const TURNS: &[Column] =
    &[left("WHAT", "/what"), left("FIRST", "/first"), right("TIMES", "/times"), left("MEANING", "/meaning")];

/// See the module's description.
#[derive(Default)]
pub struct Book {
    start: Millis,
    visitors: u64,
    most_at_once: u64,
    calls: BTreeMap<&'static str, Calls>,
    /// By rung, and by a denial's code: when first, how often, what it says.
    rungs: BTreeMap<Rung, Turn>,
    denials: BTreeMap<String, Turn>,
}

#[derive(Default)]
struct Calls {
    asked: u64,
    granted: u64,
    refused: u64,
    cost: Nanos,
    without_caps: Nanos,
}

#[derive(Default)]
struct Turn {
    first: Millis,
    times: u64,
    meaning: String,
}

impl Book {
    pub fn new(start: Millis) -> Self {
        Self { start, ..Self::default() }
    }

    pub fn visitor(&mut self) {
        self.visitors += 1;
    }

    pub fn at_once(&mut self, calls: u64) {
        self.most_at_once = self.most_at_once.max(calls);
    }

    /// `would_cost` is what it uses, whoever lets it.
    pub fn asked(&mut self, capability: &'static str, would_cost: Nanos) {
        let calls = self.calls.entry(capability).or_default();
        calls.asked += 1;
        calls.without_caps = calls.without_caps.saturating_add(would_cost);
    }

    pub fn granted(&mut self, capability: &'static str, rung: Rung, now: Millis) {
        self.calls.entry(capability).or_default().granted += 1;
        let meaning = match rung {
            Rung::Full => return,
            Rung::Throttled => "it goes slower from here on",
            Rung::TextOnly => "no speech and no video from here on",
        };
        let turn = self.rungs.entry(rung).or_insert(Turn { first: now, times: 0, meaning: meaning.into() });
        turn.times += 1;
    }

    pub fn refused(&mut self, capability: &'static str, denial: Denial, now: Millis) {
        self.calls.entry(capability).or_default().refused += 1;
        let turn = self.denials.entry(denial.code).or_insert(Turn { first: now, times: 0, meaning: denial.message });
        turn.times += 1;
    }

    pub fn settled(&mut self, capability: &'static str, cost: Nanos) {
        let calls = self.calls.entry(capability).or_default();
        calls.cost = calls.cost.saturating_add(cost);
    }

    pub fn has_refused(&self) -> bool {
        !self.denials.is_empty()
    }

    pub fn cost(&self) -> Nanos {
        self.calls.values().fold(Nanos(0), |sum, calls| sum.saturating_add(calls.cost))
    }

    fn without_caps(&self) -> Nanos {
        self.calls.values().fold(Nanos(0), |sum, calls| sum.saturating_add(calls.without_caps))
    }

    fn call_rows(&self) -> Vec<Value> {
        let row = |(capability, calls): (&&str, &Calls)| {
            json!({
                "capability": capability,
                "asked": calls.asked,
                "granted": calls.granted,
                "refused": calls.refused,
                "cost_usd": calls.cost.to_string(),
                "without_caps_usd": calls.without_caps.to_string(),
            })
        };
        self.calls.iter().map(row).collect()
    }

    fn turn_rows(&self) -> Vec<Value> {
        let row = |what: String, turn: &Turn| json!({"what": what, "first": self.when(turn.first), "times": turn.times, "meaning": turn.meaning});
        let rungs = self.rungs.iter().map(|(rung, turn)| {
            let name = if *rung == Rung::TextOnly { "text_only" } else { "throttled" };
            row(name.to_owned(), turn)
        });
        rungs.chain(self.denials.iter().map(|(code, turn)| row(code.clone(), turn))).collect()
    }

    /// Such as `day 12, 14:05`.
    fn when(&self, at: Millis) -> String {
        let minutes = at.since(self.start) / calendar::MINUTE;
        format!("day {}, {:02}:{:02}", minutes / 1_440 + 1, minutes / 60 % 24, minutes % 60)
    }

    /// For programs.
    pub fn json(&self, pattern: &Pattern) -> Value {
        json!({
            "pattern": pattern.json(),
            "visitors": self.visitors,
            "most_at_once": self.most_at_once,
            "cost_usd": self.cost().to_string(),
            "without_caps_usd": self.without_caps().to_string(),
            "calls": self.call_rows(),
            "turns": self.turn_rows(),
        })
    }

    /// For people.
    pub fn text(&self, pattern: &Pattern) -> String {
        let paint = Paint::of_stdout();
        let (visitors, days, most) = (grouped(self.visitors), pattern.days, self.most_at_once);
        let mut text = format!(
            "{visitors} visitors in {days} days, {most} calls at once at most\n\
             it costs {} USD; without caps it would be {} USD\n\n{}",
            self.cost(),
            self.without_caps(),
            Table::new(CALLS, self.call_rows()).text(paint),
        );
        let turns = self.turn_rows();
        if turns.is_empty() {
            text.push_str("\nnobody was refused anything, and nothing went slower\n");
        } else {
            text.push_str(&format!("\n{}", Table::new(TURNS, turns).text(paint)));
        }
        text
    }

    /// Where somebody waits for it.
    pub fn tell(&self, day: u64, days: u64) {
        if out::is_watched() {
            out::aside(&format!("day {day} of {days}: {} visitors, {} USD", grouped(self.visitors), self.cost()));
        }
    }
}
