//! Which models are offered, and what their names tell about billing.

/// Stands for `auto`.
pub const DEFAULT: &str = "gpt-4.1-mini";

/// Offered by name; the first is the default.
pub const OFFERED: &[&str] =
    &[DEFAULT, "gpt-4.1", "gpt-4.1-nano", "gpt-4o", "gpt-4o-mini", "gpt-5.4", "gpt-5.4-mini", "gpt-5.5"];

/// Whether a model bills nothing but tokens in and out; some bill searches by the call, or sound by its own price.
pub fn bills_tokens_only(model: &str) -> bool {
    !["search", "audio", "realtime", "deep-research", "image"].iter().any(|kind| model.contains(kind))
}

/// Whether a model may think unseen. What it delivered is then no bound of what it consumed.
pub fn may_reason(model: &str) -> bool {
    !["gpt-3.5", "gpt-4", "chatgpt-4o"].iter().any(|family| model.starts_with(family))
}

/// The most that one picture of `detail` low, high or auto counts as input.
///
/// Tiles: at most eight of 512 pixels (2048 x 768), 85 + 170 each, and for gpt-4o-mini 2,833 + 5,667 each. Patches: at
/// most 1,536, times 2.46 for the smallest models.
pub fn picture_tokens(model: &str) -> u64 {
    if model.starts_with("gpt-4o-mini") { 2_833 + 8 * 5_667 } else { 4_000 }
}
