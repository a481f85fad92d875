//! The vendor's own count, `usageMetadata`: running totals that come with nearly every event of a stream.

use adapter::Fields;
use chat::{ShownUsage, Tokens};

/// One count. A field the vendor left out is `None`: unset numbers aren't written, and neither is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Includes the cached ones.
    prompt: Option<u64>,
    cached: Option<u64>,
    tool_use: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
    total: Option<u64>,
}

impl Counts {
    /// Reads a count; `None` where a number isn't one, for then the others can't be trusted either.
    pub fn read(fields: &Fields) -> Option<Self> {
        let number = |name| match fields.raw(name) {
            None => Some(None),
            Some(_) => fields.get::<u64>(name).map(Some),
        };
        Some(Self {
            prompt: number("promptTokenCount")?,
            cached: number("cachedContentTokenCount")?,
            tool_use: number("toolUsePromptTokenCount")?,
            candidates: number("candidatesTokenCount")?,
            thoughts: number("thoughtsTokenCount")?,
            total: number("totalTokenCount")?,
        })
    }

    /// A later count over this one, field by field: a later event may leave out what an earlier one has said.
    pub fn then(self, later: Self) -> Self {
        Self {
            prompt: later.prompt.or(self.prompt),
            cached: later.cached.or(self.cached),
            tool_use: later.tool_use.or(self.tool_use),
            candidates: later.candidates.or(self.candidates),
            thoughts: later.thoughts.or(self.thoughts),
            total: later.total.or(self.total),
        }
    }

    /// The count in the gate's words; `None` without an input, or where more is cached than came in.
    pub fn tokens(&self) -> Option<Tokens> {
        let cached = self.cached.unwrap_or(0);
        let prompt = self.prompt?.checked_sub(cached)?;
        Some(Tokens { input: prompt.saturating_add(self.tool_use.unwrap_or(0)), cached, output: self.output() })
    }

    /// The same before the end, when `delivered` bytes have come and the count may be behind them.
    pub fn tokens_so_far(&self, delivered: u64) -> Option<Tokens> {
        let tokens = self.tokens()?;
        Some(Tokens { output: tokens.output.max(delivered.saturating_add(self.thoughts.unwrap_or(0))), ..tokens })
    }

    /// The count as the page sees it.
    pub fn shown(&self) -> ShownUsage {
        ShownUsage {
            prompt: self.input(),
            cached: self.cached.unwrap_or(0),
            completion: self.output(),
            reasoning: self.thoughts.unwrap_or(0),
        }
    }

    /// All that the model has written, thoughts included.
    ///
    /// The total may know of more than the parts tell (thoughts that have no number of their own): that is output too.
    fn output(&self) -> u64 {
        let parts = self.candidates.unwrap_or(0).saturating_add(self.thoughts.unwrap_or(0));
        let beyond_input = self.total.unwrap_or(0).saturating_sub(self.input());
        parts.max(beyond_input)
    }

    fn input(&self) -> u64 {
        self.prompt.unwrap_or(0).saturating_add(self.tool_use.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    type Row = (&'static [&'static str], Option<(u64, u64, u64)>);

    /// Input, cached input and output of counts that came one after the other.
    fn read(counts: &[&str]) -> Option<(u64, u64, u64)> {
        let mut seen = Counts::default();
        for count in counts {
            let fields = Fields::parse(count.as_bytes()).unwrap();
            seen = seen.then(Counts::read(&fields)?);
        }
        seen.tokens().map(|tokens| (tokens.input, tokens.cached, tokens.output))
    }

    #[test]
    fn counts() {
        let rows: [Row; 10] = [
            (&[r#"{"promptTokenCount":8,"candidatesTokenCount":6,"totalTokenCount":14}"#], Some((8, 0, 6))),
            (&[r#"{"promptTokenCount":8,"cachedContentTokenCount":5,"candidatesTokenCount":6}"#], Some((3, 5, 6))),
            (&[r#"{"promptTokenCount":8,"candidatesTokenCount":6,"thoughtsTokenCount":20}"#], Some((8, 0, 26))),
            (&[r#"{"promptTokenCount":8,"toolUsePromptTokenCount":4,"totalTokenCount":14}"#], Some((12, 0, 2))),
            // The total knows of thoughts that the parts don't tell.
            (&[r#"{"promptTokenCount":8,"candidatesTokenCount":6,"totalTokenCount":40}"#], Some((8, 0, 32))),
            // Field by field: the last event leaves out what the first has said.
            (&[r#"{"promptTokenCount":8,"candidatesTokenCount":1}"#, r#"{"candidatesTokenCount":6}"#], Some((8, 0, 6))),
            (&[r#"{"promptTokenCount":8}"#], Some((8, 0, 0))),
            (&[r#"{"candidatesTokenCount":6}"#], None),
            (&[r#"{"promptTokenCount":8,"cachedContentTokenCount":9}"#], None),
            (&[r#"{"promptTokenCount":8,"candidatesTokenCount":-1}"#], None),
        ];
        for (counts, expected) in rows {
            assert_eq!(read(counts), expected, "{counts:?}");
        }
    }
}
