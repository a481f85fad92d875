//! Whole stories: the built gate, mock vendors behind it, callers in front, and nothing but the HTTP contract between.
//!
//! One file per topic. The names of the tests say which requirement or evidence they show; most share one gate, where
//! each has tenants of its own.

mod adding_a_vendor;
mod background;
mod chat;
mod chat_bodies;
mod chat_cuts;
mod chat_faults;
mod chat_vendors;
mod context;
mod corrections;
mod cors;
mod crash;
mod erasure;
mod events;
mod every_vendor;
mod evidence_01_hard_limit;
mod evidence_03_isolation;
mod evidence_04_audit;
mod evidence_05_swap;
mod headers;
mod house;
mod http_robustness;
mod idempotency;
mod interfaces;
mod invoices;
mod jobs;
mod kill_switch;
mod ladder;
mod log;
mod maintenance;
mod many_vendors;
mod misbehaving;
mod preflight;
mod privacy;
mod rate;
mod receipts;
mod resilience;
mod room_reports;
mod rooms;
mod routing;
mod secrets;
mod secrets_of_vendors;
mod sessions;
mod shutdown;
mod speech;
mod spelling_vendor;
mod ssrf;
mod start_errors;
mod tenants;
mod verify;
mod video;
mod video_heygen;
mod webhooks;
