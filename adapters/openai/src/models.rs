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
/// Tiles: at most eight of 512 pixels (2048 x 768), 85 + 170 each; for gpt-4o-mini 2,833 + 5,667 each. Patches:
/// as many as the model takes, times its factor. What isn't known counts as the most patches times the highest factor.
pub fn picture_tokens(model: &str) -> u64 {
    // Fine-tuned ones have the base's name inside, and count pictures as it does.
    if model.contains("gpt-4o-mini") {
        return 2_833 + 8 * 5_667;
    }
    match undated(model) {
        "gpt-4o" | "gpt-4.1" | "gpt-5.1" => 1_445,
        "gpt-4.1-mini" => 7_000,
        "gpt-4.1-nano" => 10_100,
        name if name.starts_with("gpt-5.4") => 5_000,
        name if name.starts_with("gpt-5.5") => 12_001,
        _ => 36_001,
    }
}

/// The model's name without the day of its release, such as `-2024-08-06`.
fn undated(model: &str) -> &str {
    let dated = model.len().checked_sub("-2024-08-06".len()).and_then(|at| model.split_at_checked(at));
    match dated {
        Some((name, day)) if is_day(day) => name,
        _ => model,
    }
}

fn is_day(text: &str) -> bool {
    text.bytes().zip("-0000-00-00".bytes()).all(|(b, form)| if form == b'0' { b.is_ascii_digit() } else { b == form })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures() {
        let rows = [
            ("gpt-4o-mini", 48_169),
            ("gpt-4o-mini-2024-07-18", 48_169),
            ("ft:gpt-4o-mini-2024-07-18:acme::a1", 48_169),
            ("gpt-4o", 1_445),
            ("gpt-4o-2024-08-06", 1_445),
            ("gpt-4.1", 1_445),
            ("gpt-4.1-2025-04-14", 1_445),
            ("gpt-5.1", 1_445),
            ("gpt-4.1-mini", 7_000),
            ("gpt-4.1-mini-2025-04-14", 7_000),
            ("gpt-4.1-nano", 10_100),
            ("gpt-5.4", 5_000),
            ("gpt-5.4-mini", 5_000),
            ("gpt-5.5", 12_001),
            ("gpt-5.5-2026-04-23", 12_001),
            ("gpt-4o-new", 36_001),
            ("gpt-4.1-2025-04-1x", 36_001),
            ("gpt-5.1-mini", 36_001),
            ("gpt-5.10", 36_001),
            ("gpt-6", 36_001),
            ("-2024-08-06", 36_001),
            ("", 36_001),
        ];
        for (model, most) in rows {
            assert_eq!(picture_tokens(model), most, "{model}");
        }
    }
}
