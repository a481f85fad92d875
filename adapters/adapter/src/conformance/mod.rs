//! The conformance kit: what must hold for every adapter, whoever wrote it.
//!
//! An adapter's tests hand over recorded answers and webhooks; the kit panics with a sentence that names the recording
//! and the rule. It is the same for every vendor, so a rule added here binds them all.

mod garbage;
mod metering;
mod planning;

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Adapter, AnswerHead, Header, Operation, Usage};

/// One good call as it was recorded: what was asked, and everything that came back.
#[derive(Debug, Clone)]
pub struct Recording {
    pub name: &'static str,
    pub operation: Operation,
    /// The binding's options, a JSON object.
    pub options: &'static str,
    pub head: AnswerHead,
    pub body: Vec<u8>,
    /// What the meter must say of the whole answer.
    pub usage: Usage,
    pub ending: Ending,
}

/// How a recorded answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Passed on in full.
    Complete,
    /// The meter must find fault with it.
    Faulty,
}

/// A recorded webhook whose signature has been verified.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub headers: Vec<Header>,
    pub body: Vec<u8>,
}

/// Runs every rule. `video_starts` are the bodies of good answers to a start.
///
/// # Panics
/// A rule is broken.
pub fn check(adapter: &dyn Adapter, recordings: &[Recording], webhooks: &[Webhook], video_starts: &[&[u8]]) {
    planning::facts_are_well_formed(adapter);
    for recording in recordings {
        let call = planning::plan_is_sound(adapter, recording);
        metering::whole_answer_is_metered(adapter, recording, &call);
        metering::boundaries_make_no_difference(adapter, recording, &call);
        metering::cut_anywhere_stays_within_worst_case(adapter, recording, &call);
        garbage::damaged_answers_stay_within_worst_case(adapter, recording, &call);
    }
    garbage::damaged_plans_never_panic(adapter, recordings);
    garbage::failures_never_repeat_the_vendor(adapter);
    for webhook in webhooks {
        garbage::webhook_is_repeatable_and_robust(adapter, webhook);
    }
    for body in video_starts {
        garbage::video_start_is_robust(adapter, body);
    }
}

/// Bytes that look random and are the same in every run (xorshift, Marsaglia 2003).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// A readable form of bytes for a panic's message.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
