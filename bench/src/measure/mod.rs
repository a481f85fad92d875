//! Measuring: two load generators, our own client for streams, and what the kernel counts of a process.

pub mod flush;
pub mod kernel;
pub mod oha;
pub mod stats;
pub mod streams;
pub mod wrk;
