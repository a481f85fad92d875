//! Which models are offered, and what their names tell.

/// Offered by name; the first is the default.
pub const OFFERED: &[&str] = &[
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-2.5-pro",
    "gemini-3-flash-preview",
    "gemini-3.1-flash-lite",
    "gemini-3.1-pro-preview",
];

/// Whether a model may be asked for. Its name goes into the path: letters, digits, dots and dashes only.
pub fn is_offered(model: &str) -> bool {
    let begins_well = model.starts_with(|first: char| first.is_ascii_alphabetic());
    begins_well && adapter::is_id(model, 64, "._-") && !bills_beyond_text(model)
}

/// Models that make or hear something other than text, and bill it by another price.
fn bills_beyond_text(model: &str) -> bool {
    ["image", "tts", "audio", "live", "video", "embedding", "computer-use", "robotics", "veo", "lyria"]
        .iter()
        .any(|kind| model.contains(kind))
}

/// How a model's thinking is steered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// It doesn't think, and refuses to be told how to.
    Never,
    /// By a number of tokens; this is the least it takes.
    Budget(u64),
    /// By a level; the number of tokens is up to the model.
    Level,
}

/// How `model` thinks, as far as its name tells; models of an unknown generation are like the newest.
pub fn thinking(model: &str) -> Thinking {
    match model {
        _ if ["gemini-1", "gemini-2.0", "gemma"].iter().any(|family| model.starts_with(family)) => Thinking::Never,
        _ if model.starts_with("gemini-2.5") && is_pro(model) => Thinking::Budget(128),
        _ if model.starts_with("gemini-2.5") => Thinking::Budget(0),
        _ => Thinking::Level,
    }
}

/// Models with a dearer band for long input.
pub fn is_pro(model: &str) -> bool {
    model.contains("-pro")
}
