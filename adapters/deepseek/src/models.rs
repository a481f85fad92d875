//! Which models are offered, and how much they write.

/// Stands for `auto`.
pub const DEFAULT: &str = "deepseek-flash";

/// Offered by name; the first is the default.
pub const OFFERED: &[&str] = &[DEFAULT, "deepseek-v4-pro"];

/// The most that a model writes in one answer, thoughts included (vendor's page: "384K").
pub const MAX_TOKENS: u64 = 384 * 1024;

/// The output limit of a request that names none. The models think by default, within the limit, so a short one would
/// often end before the answer begins.
pub const DEFAULT_MAX_TOKENS: u64 = 8192;
