//! What a task costs at most, in credits.

use adapter::prelude::*;
use adapter::{Fields, PlanError};

/// The models whose price is known, per task: Veo 3.1 fast, one video of 8 s.
const KNOWN: [(&str, u64); 1] = [("veo3_fast", 60)];

/// Far above any task's price, and still far from overflowing when it is multiplied.
const MOST: u64 = 1_000_000;

/// The credits of `model`: out of the option `credits`, such as `{"veo3": 250}`, else out of the table.
///
/// A model without a price is refused, for nothing could be reserved before the call. Where a model's price depends on
/// its input, the option has to name the most that one task can cost.
pub fn of(model: &str, options: &str) -> Result<u64, PlanError> {
    let options =
        Fields::parse(options.as_bytes()).map_err(|_| PlanError::invalid("options", "must be a JSON object"))?;
    let wrong =
        || PlanError::invalid("options.credits", format!("must be an object of models, each with 1 to {MOST} credits"));
    if let Some(raw) = options.raw("credits") {
        let own = Fields::parse(raw.as_bytes()).map_err(|_| wrong())?;
        if own.raw(model).is_some() {
            return own.get::<u64>(model).filter(|credits| (1..=MOST).contains(credits)).ok_or_else(wrong);
        }
    }
    let known = KNOWN.iter().find(|(name, _)| *name == model);
    known.map(|(_, credits)| *credits).ok_or_else(|| {
        PlanError::invalid("input.model", "must be a model with a price: veo3_fast, or one in options.credits")
    })
}
