//! The seam between the gate and a vendor: what every adapter implements.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{
    AnswerHead, Call, Event, Failure, Header, JobState, Live, NoGood, Operation, PlanError, Price, Profile, Quantity,
    Started, Usage, WholeMeter,
};

/// One vendor, as pure functions. Nothing here keeps state between calls.
pub trait Adapter {
    /// The vendor's fixed facts.
    fn profile(&self) -> Profile;

    /// The vendor's list prices as far as they are known; what a call costs is decided by the operator's own rows.
    fn prices(&self) -> &'static [Price];

    /// Plans one call. `options` is the JSON object of the tenant's vendor binding (`{}` by default).
    ///
    /// # Errors
    /// [`PlanError`]; nothing was called or charged.
    fn plan(&self, operation: &Operation, options: &str) -> Result<Call, PlanError>;

    /// A meter for the answer to a planned call: `head` as received, `worst_case` as in the plan.
    fn meter(&self, operation: &Operation, _head: &AnswerHead, _worst_case: &[Quantity]) -> Box<dyn Meter> {
        Box::new(WholeMeter::new(operation))
    }

    /// Reads an answer to [`Operation::LiveStart`], or to the further call that an earlier answer asked for.
    ///
    /// # Errors
    /// The vendor refused, or the body isn't a session that the page could join.
    fn live_started(&self, _session: &Live, _body: &[u8]) -> Result<Started, NoGood> {
        Err(NoGood::garbled("this vendor has no live sessions"))
    }

    /// Reads the answer to [`Operation::JobStart`] or [`Operation::JobLook`].
    ///
    /// # Errors
    /// The vendor refused, or the body doesn't tell how the job is.
    fn read_job(&self, _operation: &Operation, _body: &[u8]) -> Result<JobState, NoGood> {
        Err(NoGood::garbled("this vendor has no jobs"))
    }

    /// Maps an answer with an error status. The message never repeats the vendor's text.
    fn explain(&self, head: &AnswerHead, body: &[u8]) -> Failure;

    /// Reads a webhook whose signature has been verified.
    ///
    /// # Errors
    /// The body isn't an event of this vendor, or the vendor sends none.
    fn webhook(&self, _headers: &[Header], _body: &[u8]) -> Result<Event, String> {
        Err("this vendor sends no webhooks".to_owned())
    }
}

/// Meters one answer as it passes and rewrites it into the page's form.
///
/// `push` any number of times, then `end` once; `usage` at any time, also after an error. After an error nothing more
/// is pushed, and a meter that gets more all the same answers with an error again.
pub trait Meter {
    /// Takes the next bytes, at any boundary, and gives what may be passed on now (possibly nothing yet).
    ///
    /// # Errors
    /// The answer is garbled: the call ends here and settles what is known.
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, String>;

    /// The vendor has sent its last byte: what is still to be passed on.
    ///
    /// # Errors
    /// The answer stopped short or was not what it claimed to be.
    fn end(&mut self) -> Result<Vec<u8>, String>;

    /// What has been consumed so far.
    fn usage(&self) -> Usage;
}
