//! Golden bytes: one short story over a store in memory, and all that the store holds after it, committed.
//!
//! `golden/store.txt` is what this release writes. When the encoding of a record changes, it shows there as a diff;
//! `UPDATE=1 cargo test -p golden` writes the file anew. Before a release that changes it, copy the old file to
//! `golden/<version>.txt`: what is there is read by every later release, or the test fails.

#[cfg(test)]
mod file;
#[cfg(test)]
mod story;
#[cfg(test)]
mod tests;
