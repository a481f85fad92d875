//! Runs: a tenant's recipe of jobs and human gates, performed step by step.
//!
//! Pure: the shell brings the time, the store and the vendors. [`plan`] says what to do next for a run, [`apply`] takes
//! in what became of it.
//!
//! ```text
//!  step:  blocked ──▶ queued ──▶ starting ──▶ running ──▶ done | failed
//!            │           ▲           │  refused: later, pause (then queued again) or failed
//!            │           └───────────┘
//!            └──▶ waiting ──▶ approved | rejected                           (a gate)
//!
//!  run:   running ⇄ waiting ⇄ paused ──▶ done | failed | cancelled
//!                                             └── retry ──▶ running
//! ```
//!
//! # What a user can rely on
//!
//! * The queue is in the order of the steps. At most [`MAX_RUNNING`] jobs run at once, at most [`MAX_QUEUED`] more are
//!   unfinished; whoever asks for more is refused and nothing is added.
//! * A step begins when all in its `after` are done or approved. A failed `optional` step counts as done, with the result
//!   `null`. `each` over an empty list makes no step, and waiting for none of them is no wait.
//! * A pointer to a step made by `each` (`/steps/clips/result`) gives the list of its results, in order.
//! * One gate waits at a time; a second one opens when the first is decided. Its time counts from its opening. While the
//!   run is paused no gate opens and no job begins, but jobs under way go on and an open gate may be decided.
//! * A failed step stops what depends on it. When nothing else can move, the run has failed (`step_failed`). A rejection
//!   fails it at once (`rejected`): nothing more is spent. So does its age: seven days (`expired`).
//! * When a run has failed or is cancelled, what didn't begin is `cancelled`. Jobs under way go on at the vendor, and their
//!   results are still noted.
//! * `retry` names failed steps or a rejected gate, or the step that `each` made them from. It revives a failed run, with
//!   all that its end had cancelled; an expired or cancelled one is over for good (`run_over`), and so is one that's done.
//! * `continue` without steps and retries resumes a paused run and changes nothing else. Steps that are added may point to
//!   results that are there already, in `each` too.
//! * A failed optional step that is tried again is waited for by all that comes after it and hasn't begun, however far
//!   behind. A gate behind it that is open or approved closes, and opens anew when the step is over (the old link is dead);
//!   but an approval that something has begun by stays.
//! * Cancelling twice is fine; cancelling what is done or has failed is refused (`run_over`).
//! * `attempt` counts how often a step was asked for, denials included: a limit's denial is final for the permit's token.
//! * The result of a run: `results` of all jobs that no other job depends on, and the `artifacts` of all jobs, by step:
//!   what a job's result calls so, or its `urls`. A gate hands through: the jobs before a last gate are last.
//!
//! # How a step begins
//!
//! Under the run's lease ([`store::lease`]), for an [`Action::Start`]:
//! 1. apply [`Fact::Starting`] and write the run down;
//! 2. look for the job record under the action's id: if it is there, the first try got so far;
//! 3. else reserve under the action's token, enlist the job under the action's id, call the vendor;
//! 4. apply [`Fact::Started`], [`Fact::StartRefused`] or, for a job that was over at once, [`Fact::JobOver`]; write the
//!    run down.
//!
//! What if we crash in between? After 1 the plan says start again, with the same id and the same token. After 3 as well,
//! and the job record is found.

pub mod approval;
mod asked;
mod begin;
mod bounds;
mod check;
mod error;
mod expand;
mod facts;
mod fields;
mod ids;
mod json;
mod machine;
mod notice;
mod project;
mod references;
mod run;
mod settle;
mod show;
mod standing;
mod status;
mod step;
pub mod store;
mod template;

pub use approval::{Approval, Pending};
pub use begin::Begin;
pub use bounds::{MAX_FILLED, MAX_INPUT, MAX_STEPS};
pub use error::{Failure, Invalid, Refused};
pub use facts::{Fact, Then};
pub use ids::{is_id, is_run_id, job_id, permit_token};
pub use json::check_body;
pub use machine::{Action, apply, plan};
pub use notice::{Kind, Notice};
pub use project::Project;
pub use run::{Chat, MAX_AGE, MAX_QUEUED, MAX_RUNNING, Run, RunStep, Task};
pub use show::{result, show, show_without_results};
pub use standing::{Standing, standing};
pub use status::{Decision, Status, StepStatus};
pub use step::{Step, Work, parse_steps};
pub use template::expand;
