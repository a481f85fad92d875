//! The vendor's numbers: how those of a stream come together, and what they are in the gate's units.

use adapter::Fields;
use chat::{ShownUsage, Tokens};

/// `usage` as far as it is known. `input` is without what was read from or written to the cache.
#[derive(Debug, Clone, Copy, Default)]
pub struct Numbers {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    /// The part of `cache_write` that is kept for an hour instead of five minutes.
    cache_write_1h: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
}

impl Numbers {
    /// Takes in a later `usage`: totals, so each number that is there takes the place of the earlier one, and one that
    /// isn't leaves it as it was.
    pub fn merge(&mut self, usage: &Fields) {
        let within = |name: &str, member: &str| usage.get::<Fields>(name).and_then(|inner| inner.get::<u64>(member));
        let later = [
            (&mut self.input, usage.get("input_tokens")),
            (&mut self.cache_read, usage.get("cache_read_input_tokens")),
            (&mut self.cache_write, usage.get("cache_creation_input_tokens")),
            (&mut self.cache_write_1h, within("cache_creation", "ephemeral_1h_input_tokens")),
            (&mut self.output, usage.get("output_tokens")),
            (&mut self.thinking, within("output_tokens_details", "thinking_tokens")),
        ];
        for (number, later) in later {
            *number = later.or(*number);
        }
    }

    /// What is billed; `None` where a number is missing or they are beyond counting.
    ///
    /// A token written to the cache costs 1.25 times as much as input (twice as much if kept for an hour), and counts as
    /// so many input tokens, rounded up. The gate asks for no caching; this is for vendors' accounts that do it by
    /// themselves.
    pub fn tokens(&self) -> Option<Tokens> {
        let write = self.cache_write.unwrap_or(0);
        let hour = self.cache_write_1h.unwrap_or(0).min(write);
        let minutes = write.checked_sub(hour)?.checked_mul(5)?.div_ceil(4);
        let input = self.input?.checked_add(minutes)?.checked_add(hour.checked_mul(2)?)?;
        Some(Tokens { input, cached: self.cache_read.unwrap_or(0), output: self.output? })
    }

    /// What the page sees: plain tokens.
    pub fn shown(&self) -> ShownUsage {
        let cached = self.cache_read.unwrap_or(0);
        let write = self.cache_write.unwrap_or(0);
        ShownUsage {
            prompt: self.input.unwrap_or(0).saturating_add(cached).saturating_add(write),
            cached,
            completion: self.output.unwrap_or(0),
            reasoning: self.thinking.unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;
    use alloc::format;

    /// `usages` one after the other are billed as (input, cached, output), and shown with this prompt.
    fn check(usages: &[&str], billed: Option<(u64, u64, u64)>, prompt: u64) {
        let mut numbers = Numbers::default();
        for usage in usages {
            numbers.merge(&Fields::parse(usage.as_bytes()).unwrap());
        }
        let billed = billed.map(|(input, cached, output)| Tokens { input, cached, output });
        assert_eq!(numbers.tokens(), billed, "{usages:?}");
        assert_eq!(numbers.shown().prompt, prompt, "{usages:?}");
    }

    #[test]
    fn later_numbers_take_the_place_of_earlier_ones() {
        let start =
            r#"{"input_tokens":25,"cache_creation_input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}"#;
        check(&[start], Some((25 + 13, 5, 1)), 40);
        check(&[start, r#"{"output_tokens":8}"#], Some((25 + 13, 5, 8)), 40);
        check(
            &[
                start,
                r#"{"input_tokens":40,"cache_creation_input_tokens":12,"cache_read_input_tokens":7,"output_tokens":8}"#,
            ],
            Some((40 + 15, 7, 8)),
            59,
        );
        check(&[start, r#"{"input_tokens":null,"output_tokens":8}"#], Some((25 + 13, 5, 8)), 40);
    }

    #[test]
    fn what_is_written_to_the_cache_counts_as_dearer_input() {
        let split = |hour: u64| {
            format!(
                r#"{{"input_tokens":2,"cache_creation_input_tokens":10,"cache_creation":{{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":{hour}}},"output_tokens":3}}"#
            )
        };
        check(&[&split(0)], Some((2 + 13, 0, 3)), 12);
        check(&[&split(10)], Some((2 + 20, 0, 3)), 12);
        check(&[&split(2)], Some((2 + 10 + 4, 0, 3)), 12);
        check(&[&split(99)], Some((2 + 20, 0, 3)), 12);
        check(&[r#"{"input_tokens":2}"#], None, 2);
        check(&[r#"{"output_tokens":2}"#], None, 0);
        let most = u64::MAX;
        check(
            &[&format!(r#"{{"input_tokens":{most},"cache_creation_input_tokens":1,"output_tokens":1}}"#)],
            None,
            most,
        );
    }
}
