//! How much of anything a recipe and a run may have.

/// Steps of a recipe, and of a run.
pub const MAX_STEPS: usize = 100;
/// Bytes of all the steps' inputs, and of a run's input: what they take in memory, as all that is bounded here.
pub const MAX_INPUT: usize = 256 * 1024;
/// Bytes of one step's input with everything filled in. Several are held at once while vendors are waited for.
pub const MAX_FILLED: usize = 128 * 1024;
