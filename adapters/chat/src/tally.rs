//! What an answer has consumed: the vendor's final numbers, or else a bound by what was delivered.

use adapter::prelude::*;
use adapter::{Quantity, Unit, Usage, units_of};
use serde::de::{Deserialize, Deserializer};
use serde_json::Value;

/// A vendor's numbers in the gate's terms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Without the cached ones, which have their own price.
    pub input: u64,
    pub cached: u64,
    /// With whatever the model thought.
    pub output: u64,
}

impl Tokens {
    pub fn quantities(self) -> Vec<Quantity> {
        vec![
            Quantity::new(Unit::InputTokens, self.input),
            Quantity::new(Unit::CachedInputTokens, self.cached),
            Quantity::new(Unit::OutputTokens, self.output),
        ]
    }
}

/// What is known of the consumption so far.
#[derive(Debug, Clone)]
pub struct Tally {
    worst_case: Vec<Quantity>,
    /// Bytes of everything the model wrote: text, refusals, thoughts, names and arguments of calls. A token is at least
    /// one byte, so this bounds the tokens.
    delivered: u64,
    /// What the vendor has said before its final numbers.
    so_far: Option<Tokens>,
    reported: Option<Tokens>,
    thinks_unseen: bool,
}

impl Tally {
    pub fn new(worst_case: &[Quantity]) -> Self {
        Self { worst_case: worst_case.to_vec(), delivered: 0, so_far: None, reported: None, thinks_unseen: false }
    }

    /// As [`Tally::deliver_all`], of what was counted while it was read.
    pub fn deliver_texts(&mut self, texts: Texts) {
        self.delivered = self.delivered.saturating_add(texts.0);
    }

    /// The model wrote so many bytes.
    pub fn deliver(&mut self, bytes: usize) {
        self.delivered = self.delivered.saturating_add(bytes as u64);
    }

    /// The model wrote every text in `message`, whatever field it stands in: a field that is new to us is billed as well.
    pub fn deliver_all(&mut self, message: &Value) {
        self.deliver_texts(Texts(texts(message)));
    }

    /// The vendor's numbers before the end: its input is final, its output is the least that was consumed.
    pub fn so_far(&mut self, tokens: Tokens) {
        self.so_far = Some(tokens);
    }

    /// The vendor's final numbers.
    pub fn report(&mut self, tokens: Tokens) {
        self.reported = Some(tokens);
    }

    /// Whether the model may have thought without showing it: what it delivered is then no bound of what it consumed.
    pub fn set_thinks_unseen(&mut self, thinks_unseen: bool) {
        self.thinks_unseen = thinks_unseen;
    }

    pub fn usage(&self) -> Usage {
        if let Some(reported) = self.reported {
            return Usage::Reported(reported.quantities());
        }
        if self.thinks_unseen {
            return Usage::Unknown;
        }
        let most_input = units_of(&self.worst_case, Unit::InputTokens);
        let output = |least: u64| {
            let most = units_of(&self.worst_case, Unit::OutputTokens);
            Quantity::new(Unit::OutputTokens, self.delivered.max(least).min(most))
        };
        let Some(so_far) = self.so_far else {
            return Usage::Counted(vec![Quantity::new(Unit::InputTokens, most_input), output(0)]);
        };
        let input = so_far.input.min(most_input);
        let cached = so_far.cached.min(most_input.saturating_sub(input));
        Usage::Counted(vec![
            Quantity::new(Unit::InputTokens, input),
            Quantity::new(Unit::CachedInputTokens, cached),
            output(so_far.output),
        ])
    }
}

/// The bytes of all texts in a JSON value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Texts(u64);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(texts(&value)))
    }
}

fn texts(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Array(items) => items.iter().map(texts).fold(0, u64::saturating_add),
        Value::Object(members) => members.values().map(texts).fold(0, u64::saturating_add),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn texts_are_counted_as_those_of_a_value_are() {
        let check = |json: &str, bytes: u64| {
            let (mut of_value, mut of_texts) = (Tally::new(&[]), Tally::new(&[]));
            of_value.deliver_all(&serde_json::from_str(json).unwrap());
            of_texts.deliver_texts(serde_json::from_str(json).unwrap());
            assert_eq!((of_value.delivered, of_texts.delivered), (bytes, bytes), "{json}");
        };
        check(r#""Hi""#, 2);
        check(r#"{"role":"assistant","content":"a\u00e9\n","refusal":null}"#, 9 + 4);
        check(r#"{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}},{"x":["ab",-1,2.5,true]}]}"#, 5);
        check("[]", 0);
        check("null", 0);
        check("-1.5e3", 0);
    }

    type Row = (usize, Option<Tokens>, Option<Tokens>, bool, Usage);

    #[test]
    fn the_vendors_numbers_go_first_and_a_count_never_exceeds_the_worst_case() {
        let worst_case = [Quantity::new(Unit::InputTokens, 100), Quantity::new(Unit::OutputTokens, 10)];
        let numbers = |input, cached, output| Tokens { input, cached, output }.quantities();
        let rows: [Row; 7] = [
            (
                3,
                None,
                None,
                false,
                Usage::Counted(vec![Quantity::new(Unit::InputTokens, 100), Quantity::new(Unit::OutputTokens, 3)]),
            ),
            (3, None, None, true, Usage::Unknown),
            (3, Some(Tokens { input: 7, cached: 2, output: 1 }), None, false, Usage::Counted(numbers(7, 2, 3))),
            (3, Some(Tokens { input: 7, cached: 2, output: 5 }), None, false, Usage::Counted(numbers(7, 2, 5))),
            (99, Some(Tokens { input: 90, cached: 20, output: 50 }), None, false, Usage::Counted(numbers(90, 10, 10))),
            (3, Some(Tokens { input: 7, cached: 2, output: 5 }), None, true, Usage::Unknown),
            (3, None, Some(Tokens { input: 500, cached: 0, output: 5 }), true, Usage::Reported(numbers(500, 0, 5))),
        ];
        for (delivered, so_far, reported, thinks_unseen, expected) in rows {
            let mut tally = Tally::new(&worst_case);
            tally.deliver(delivered);
            tally.set_thinks_unseen(thinks_unseen);
            so_far.into_iter().for_each(|tokens| tally.so_far(tokens));
            reported.into_iter().for_each(|tokens| tally.report(tokens));
            assert_eq!(tally.usage(), expected);
        }
    }
}
