//! A vendor's word that a live session ended.

use calendar::Millis;
use kv_schemas::{Store, StoreError, expiry, families};
use serde::{Deserialize, Serialize};

/// How long what is left for the proxy is kept where nobody is left to remove it: a callback's address stays good for
/// ever.
pub(crate) const KEPT_HOURS: u64 = 15 * 24;

/// That a vendor said a live session ended. The proxy's maintenance settles it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveReport {
    /// When it was first reported.
    pub at_ms: Millis,
    /// The stored event that says so.
    pub event: String,
    /// When it ended by the vendor's clock, where the vendor has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at_ms: Option<Millis>,
}

/// Notes the report. The first one stays: a later event of the same session must not move its end, but for the vendor's
/// own time, where the first brought none.
///
/// Whoever ends the session marks its ending and then looks for a report; here the report is written and then the ending
/// is looked for. So one of the two sees the other: an ending that has begun may not have seen this report, and the
/// session goes on the list of those that are settled anew.
pub(crate) fn report(store: &dyn Store, live: &str, report: LiveReport) -> Result<(), StoreError> {
    let place = families::LIVE_REPORT.value(&[live]);
    let next = match place.get(store)? {
        Some(LiveReport { at_ms, ended_at_ms: None, .. }) if report.ended_at_ms.is_some() => {
            LiveReport { at_ms, ..report }
        }
        // What if we crashed after writing it? We go on from there.
        Some(known) if known.event == report.event => known,
        Some(_) => return Ok(()),
        None => {
            expiry::forget_after(store, report.at_ms.hour_number().saturating_add(KEPT_HOURS), &[place.key()])?;
            report
        }
    };
    place.set(store, &next)?;
    if families::LIVE_ENDING.value::<()>(&[live]).exists(store)? {
        // A session may get there twice; it is settled by what it really used, which is the same each time.
        families::LIVE_LATE.log(&[]).append(store, &live)?;
    }
    Ok(())
}
