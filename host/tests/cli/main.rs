//! The command line as its people run it: the built program, and something that answers as a gate does.

#[path = "../common/mod.rs"]
mod common;
mod doctor;
mod gate;
mod help;
mod new;
mod operator;
mod progress;
