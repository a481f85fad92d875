//! A run as it is stored.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{DAY, Millis};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value as Json};

use crate::{
    approval::Pending,
    error::{Failure, Refused},
    notice::Notice,
    status::{Status, StepStatus},
};

/// Jobs that run at once.
pub const MAX_RUNNING: usize = 4;
/// Jobs that are unfinished besides.
pub const MAX_QUEUED: usize = 16;
/// How long a run may take, in milliseconds.
pub const MAX_AGE: u64 = 7 * DAY;

/// A conversation that is told how its run goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// Which vendor.
    pub provider: String,
    /// Which of its conversations.
    pub conversation: String,
}

/// One performance of a recipe. Changed by [`crate::apply`] alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// `run_...`
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// Who asked.
    pub credential: String,
    /// Where the grant was for; may be empty.
    pub channel: String,
    /// Where links begin.
    pub base: Option<String>,
    /// Who is told.
    pub chat: Option<Chat>,
    /// The recipe's id.
    pub project: Option<String>,
    /// The recipe's title; may be empty.
    pub title: String,
    /// An object.
    pub input: Json,
    /// When it began.
    pub created_at: Millis,
    /// How far it is.
    pub status: Status,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// Why it is paused.
    pub pause: Option<Failure>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// In the order of the queue.
    pub steps: Vec<RunStep>,
    /// The ids of all steps as they were asked for, so also those that `each` made none of.
    pub(crate) names: BTreeSet<String>,
    /// Those of them that `each` made, and how many.
    pub(crate) fanned: BTreeMap<String, u32>,
    /// No job begins before: a limit said so.
    pub(crate) hold_until: Option<Millis>,
    /// How often in a row one couldn't.
    pub(crate) refusals: u32,
    /// How often it was paused, and how often it ended: what makes notices different ones.
    pub(crate) pauses: u32,
    pub(crate) ends: u32,
    /// What outsiders weren't told yet, oldest first.
    pub(crate) untold: Vec<Notice>,
    /// The newest continuations that were told apart by a name: a repeat finds its own, and changes nothing.
    #[serde(default)]
    pub continued: Vec<String>,
    /// Its place on the list of those under way.
    pub(crate) list_index: u64,
    /// Its place on its tenant's list.
    pub(crate) of_index: u64,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStep {
    /// `clips`, or `clips.1` where `each` made several.
    pub id: String,
    /// As it was asked for: `clips`.
    pub of: String,
    /// What is done.
    pub task: Task,
    /// What comes before: steps as they were asked for, or single ones.
    pub after: Vec<String>,
    /// Whether its failing stops nothing.
    pub optional: bool,
    /// How far it is.
    pub status: StepStatus,
    /// How often it was asked for; 0 before.
    pub attempt: u32,
    /// The job of the newest attempt.
    pub job: Option<String>,
    /// The permit of the newest attempt.
    pub permit: Option<String>,
    /// What came out, be it `null`; of a gate, the decision.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub result: Option<Json>,
    /// Why it failed.
    pub error: Option<Failure>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// A job at a vendor.
    Job {
        /// Which vendor, if not the tenant's usual one.
        provider: Option<String>,
        /// The vendor's word for what it does.
        kind: String,
        /// With `$from` in it.
        input: Map<String, Json>,
        /// The element that `each` made it for.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        item: Option<Json>,
    },
    /// A person decides.
    Gate {
        /// What is decided.
        title: String,
        /// How long a link is good for.
        expires_in_s: u64,
        /// The link that is open, or was last: each has a number of its own.
        round: u32,
        /// Until when.
        expires_at: Option<Millis>,
        /// When it was decided.
        decided_at: Option<Millis>,
    },
}

/// A field that is there, be it as `null`: a list may have that in it, and it is an element like any other.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(from).map(Some)
}

impl Run {
    /// A step by its id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&RunStep> {
        self.steps.iter().find(|step| step.id == id)
    }

    pub(crate) fn step_mut(&mut self, id: &str) -> Option<&mut RunStep> {
        self.steps.iter_mut().find(|step| step.id == id)
    }

    /// The gate that is open.
    #[must_use]
    pub fn pending(&self) -> Option<Pending> {
        self.steps.iter().find_map(|step| match &step.task {
            Task::Gate { title, round, expires_at: Some(expires_at), .. } if step.status == StepStatus::Waiting => {
                Some(Pending {
                    run: self.id.clone(),
                    gate: step.id.clone(),
                    title: title.clone(),
                    round: *round,
                    expires_at: *expires_at,
                })
            }
            _ => None,
        })
    }

    /// Whether nothing is left to be done for it: it goes off the list of those under way (see [`crate::store::close`]).
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.status.is_over() && self.untold.is_empty() && self.running() == 0
    }

    /// What outsiders weren't told yet, oldest first: each is a [`crate::Action::Tell`] of the plan.
    #[must_use]
    pub fn untold(&self) -> &[Notice] {
        &self.untold
    }

    pub(crate) fn tell(&mut self, notice: Notice) {
        self.untold.push(notice);
    }

    /// Jobs that are under way, or may be.
    pub(crate) fn running(&self) -> usize {
        self.steps.iter().filter(|step| step.status.is_under_way()).count()
    }

    /// The steps that a name in `after` means.
    pub(crate) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a RunStep> {
        self.steps.iter().filter(move |step| step.of == name || step.id == name)
    }

    /// All steps that come after these, however far.
    pub(crate) fn behind<'a>(&'a self, steps: impl Iterator<Item = &'a RunStep>) -> Vec<&'a RunStep> {
        let names = |step: &'a RunStep| [step.id.as_str(), step.of.as_str()];
        let mut open: BTreeSet<&str> = steps.flat_map(names).collect();
        let (mut found, mut others) = (Vec::new(), self.steps.iter().collect::<Vec<_>>());
        while !open.is_empty() {
            let waits = |step: &&RunStep| step.after.iter().any(|name| open.contains(name.as_str()));
            let (next, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(waits);
            open = next.iter().flat_map(|step| names(step)).collect();
            found.extend(next);
            others = rest;
        }
        found
    }

    /// 4 running and 16 more.
    pub(crate) fn check_bounds(&self) -> Result<(), Refused> {
        let unfinished = |step: &&RunStep| step.is_job() && !step.status.is_over();
        let most = MAX_RUNNING.saturating_add(MAX_QUEUED);
        if self.steps.iter().filter(unfinished).count() > most { Err(Refused::QueueFull) } else { Ok(()) }
    }
}

impl RunStep {
    /// Whether it is a job, not a gate.
    #[must_use]
    pub fn is_job(&self) -> bool {
        matches!(self.task, Task::Job { .. })
    }

    /// Whether a vendor has been asked for it, now or in an earlier attempt.
    pub(crate) fn has_begun(&self) -> bool {
        self.job.is_some() || matches!(self.status, StepStatus::Starting | StepStatus::Running | StepStatus::Done)
    }

    /// Whether what depends on it may go on.
    pub(crate) fn lets_through(&self) -> bool {
        match self.status {
            StepStatus::Done | StepStatus::Approved => true,
            StepStatus::Failed => self.optional,
            _ => false,
        }
    }
}
