//! Whole stories: the built gate, mock vendors behind it, callers in front, and nothing but the HTTP contract between.
//!
//! One file per topic. The names of the tests say which requirement or evidence they show; most share one gate, where
//! each has tenants of its own.

mod chat;
mod chat_bodies;
mod chat_faults;
mod cors;
mod crash;
mod evidence_01_hard_limit;
mod evidence_03_isolation;
mod evidence_04_audit;
mod evidence_05_swap;
mod http_robustness;
mod idempotency;
mod interfaces;
mod maintenance;
mod preflight;
mod rate;
mod secrets;
mod sessions;
mod shutdown;
mod speech;
mod start_errors;
mod tenants;
mod verify;
mod video;
mod webhooks;
