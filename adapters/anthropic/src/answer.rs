//! Reads the vendor's whole answer and writes OpenAI's.

use adapter::prelude::*;
use adapter::{AnswerHead, Fields, Quantity, Usage};
use chat::{Choice, ReadAnswer, Tally, ToolCall, Writer, answered_at};

use crate::stop::finish;
use crate::usage::Numbers;

#[derive(Debug)]
pub struct Reader {
    created: u64,
    tally: Tally,
}

impl Reader {
    pub fn new(head: &AnswerHead, worst_case: &[Quantity]) -> Self {
        Self { created: answered_at(head), tally: Tally::new(worst_case) }
    }

    /// Adds one block of the content to the answer; a block of an unknown kind is passed over, but billed.
    fn add(&mut self, block: &Fields, choice: &mut Choice) -> Result<(), String> {
        match block.get::<String>("type").as_deref() {
            Some("text") => choice.text.push_str(&text(block, "text")?),
            Some("thinking") => {
                self.tally.set_thinks_unseen(true);
                choice.thought.push_str(&text(block, "thinking")?);
            }
            Some("redacted_thinking") => self.tally.set_thinks_unseen(true),
            Some("tool_use") => choice.calls.push(ToolCall {
                id: text(block, "id")?,
                name: text(block, "name")?,
                arguments: block.raw("input").unwrap_or("{}").to_owned(),
            }),
            _ => {}
        }
        Ok(())
    }
}

impl ReadAnswer for Reader {
    fn answer(&mut self, body: &[u8]) -> Result<Vec<u8>, String> {
        let answer = Fields::parse(body).map_err(|_| garbled())?;
        if answer.get::<String>("type").as_deref() != Some("message") {
            return Err(garbled());
        }
        let reason = text(&answer, "stop_reason")?;
        let mut choice =
            Choice { text: String::new(), thought: String::new(), calls: Vec::new(), finish: finish(&reason) };
        let content: Vec<Fields> = answer.get("content").ok_or_else(garbled)?;
        content.iter().try_for_each(|block| self.add(block, &mut choice))?;
        answer.get("content").iter().for_each(|content| self.tally.deliver_all(content));

        let mut numbers = Numbers::default();
        if let Some(usage) = answer.get::<Fields>("usage") {
            numbers.merge(&usage);
        }
        if let Some(tokens) = numbers.tokens() {
            self.tally.report(tokens);
        }
        let writer = Writer { id: text(&answer, "id")?, model: text(&answer, "model")?, created: self.created };
        Ok(writer.whole(&[choice], numbers.shown()))
    }

    fn usage(&self) -> Usage {
        self.tally.usage()
    }
}

fn text(of: &Fields, name: &str) -> Result<String, String> {
    of.get(name).ok_or_else(garbled)
}

fn garbled() -> String {
    "the answer is not a message".to_owned()
}
