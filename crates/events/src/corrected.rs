//! `log.corrected`: what an interaction has cost was put right, by the operator, a webhook or a vendor's late report.

use calendar::Millis;
use serde_json::json;

use crate::Event;

/// The event of a correction with this id: by how much, and what its entry says of it (what is corrected, and why).
#[must_use]
pub fn corrected(id: &str, at: Millis, cost_usd: &str, details: &[(String, String)]) -> Event {
    let mut data = json!({ "limit_check_id": id, "cost_usd": cost_usd });
    if let Some(data) = data.as_object_mut() {
        data.extend(details.iter().map(|(name, text)| (name.clone(), text.as_str().into())));
    }
    Event::new("log.corrected", id, at, None, data)
}
