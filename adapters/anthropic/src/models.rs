//! Which models are offered.

/// Stands for `auto`.
pub const DEFAULT: &str = "claude-haiku-4-5";

/// Offered by name; the first is the default. Others can be asked for where the operator has set their prices.
pub const OFFERED: &[&str] = &[DEFAULT, "claude-sonnet-4-5", "claude-opus-4-5"];

/// The most that one picture counts as input. Width times height over 750, after the vendor has scaled it down: about
/// 1,600, and three times as much for models that look closer. UNVERIFIED, so with room to spare.
pub const PICTURE_TOKENS: u64 = 5_000;

/// What the vendor adds to a request with tools: its own instruction on how to call them, some hundred tokens.
pub const TOOLS_TOKENS: u64 = 1_024;
