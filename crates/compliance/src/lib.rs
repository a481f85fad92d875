//! What the law asks of a gate in front of a shop and of people: certificates of analysis without which a page sells
//! nothing.
//!
//! [`put_certificates`] and [`check_page`] close a page that has no valid certificate. [`PersonKey`] keeps the index of
//! whose sessions are whose; [`begin_erasure`] and [`work_erasures`] erase one person's data.

mod certificate;
mod day;
mod erasure;
mod page;
mod person;
mod standing;
mod whose;

pub use certificate::parse_certificates;
pub use certificate::{Certificate, MAX_CERTIFICATES, find_certificates, forget_certificates, put_certificates};
pub use day::Day;
pub use erasure::{
    BeginError, Erased, Erasure, LogErasure, MAX_PENDING as MAX_PENDING_ERASURES, Parts, WORK_MS,
    begin as begin_erasure, find as find_erasure, work as work_erasures, work_on as work_on_erasure,
};
pub use page::Page;
pub use person::{PERSON_KEY, PersonKey, PersonKeyError, PersonSession, PersonSessions, sessions_of};
pub use standing::{Standing, check_page, standing};
pub use whose::Whose;
