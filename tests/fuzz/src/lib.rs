//! A small fuzzer for the ordinary tests: damaged copies of what strangers really send, to parsers that must not mind.
//!
//! A target names what it knows to be good ([`corpus`]) and what must hold for anything ([`hold`]). Each round damages a
//! good case ([`damage`]), with as much knowledge of JSON as it takes to get past the first check. What a round does
//! depends on the seed, the target's name and the round's number alone, so a finding is repeated by its seed:
//!
//! | variable | means |
//! |---|---|
//! | `FUZZ_SEED` | the seed of an earlier run, or `fresh` for one that nobody has tried, which is printed; else always the same |
//! | `FUZZ_MS` | how long each target is tried, in milliseconds, in place of its own bound |

pub mod corpus;
pub mod damage;
mod json;
mod rng;
mod run;
mod shrink;

pub use rng::Rng;
pub use run::{Case, Finding, explore, hold, seed};
