//! The conformance kit: what must hold for every adapter, whoever wrote it.
//!
//! An adapter's tests hand over recorded answers and webhooks; the kit panics with a sentence that names the recording
//! and the rule. It is the same for every vendor, so a rule added here binds them all.

mod garbage;
mod metering;
mod outcomes;
mod planning;

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Adapter, AnswerHead, Header, JobState, Live, Operation, Usage};

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

/// A good answer to a live session's start, or to the further call that one asked for.
#[derive(Debug, Clone)]
pub struct Start {
    pub session: Live,
    pub body: Vec<u8>,
}

/// A good answer to a job's start or to a look at it, and what it says.
#[derive(Debug, Clone)]
pub struct JobAnswer {
    pub operation: Operation,
    pub body: Vec<u8>,
    pub state: JobState,
}

/// Everything that was recorded of a vendor. Each of its capabilities must be among it.
#[derive(Debug, Clone, Default)]
pub struct Records {
    pub recordings: Vec<Recording>,
    pub webhooks: Vec<Webhook>,
    pub starts: Vec<Start>,
    pub jobs: Vec<JobAnswer>,
}

/// Runs every rule.
///
/// # Panics
/// A rule is broken.
pub fn check(adapter: &dyn Adapter, records: &Records) {
    planning::facts_are_well_formed(adapter);
    planning::every_capability_is_recorded(adapter, records);
    for recording in &records.recordings {
        let call = planning::plan_is_sound(adapter, recording);
        metering::whole_answer_is_metered(adapter, recording, &call);
        metering::boundaries_make_no_difference(adapter, recording, &call);
        metering::cut_anywhere_stays_within_worst_case(adapter, recording, &call);
        garbage::damaged_answers_stay_within_worst_case(adapter, recording, &call);
    }
    garbage::damaged_plans_never_panic(adapter, &records.recordings);
    garbage::ids_and_topics_stay_in_their_place(adapter);
    garbage::failures_never_repeat_the_vendor(adapter);
    for webhook in &records.webhooks {
        garbage::webhook_is_repeatable_and_robust(adapter, webhook);
    }
    for start in &records.starts {
        outcomes::start_leads_to_a_session(adapter, start);
    }
    for job in &records.jobs {
        outcomes::job_is_read(adapter, job);
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
