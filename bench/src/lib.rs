//! How fast the gate is: the programs of the bench share what is here.
//!
//! `rig` starts what is measured, `fill` makes what it is started on, `measure` measures, `cases` says what is measured in which order, `report` keeps the
//! numbers and judges them.

pub mod cases;
pub mod fill;
pub mod measure;
pub mod plan;
pub mod report;
pub mod rig;

/// The value after an argument.
pub fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}

/// Where to listen; by default any free port.
pub fn listen_argument() -> String {
    argument("--listen").unwrap_or_else(|| "127.0.0.1:0".into())
}
