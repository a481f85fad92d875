//! Days of many tenants in minutes: a simulation of all that calls the limits, in which a seed decides what happens.
//!
//! Calls are the cores' own code ([`calls`]), each on a stack of its own ([`task`]) and stopped before every store
//! operation; the scheduler ([`run`]) lets one after the other do its next one, loses replies, refuses operations, takes
//! the store down, kills calls and whole nodes, makes calls sleep, and steps clocks. A second set of books ([`ghost`])
//! follows every write, and says at once when a counter is too low, a cap was passed, or a permit changed its mind. After
//! each chapter it is calm for a while, and then everything must balance to the last unit ([`quiet`]).

pub mod calls;
pub mod ghost;
pub mod plan;
pub mod quiet;
pub mod rng;
pub mod run;
pub mod task;
pub mod tenants;
pub mod world;

pub use run::{Failure, Totals, play};
