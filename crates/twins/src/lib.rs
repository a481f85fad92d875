//! Twins: a twin is a tenant's persona, and a tenant has one at most.
//!
//! What it is: [`Twin`] (id, behaviour, avatar, emotion, links, licence), [`Training`] of its voice, the [`Consent`] it
//! rests on. What vendors get of it: [`persona()`]. What a company's twins tell each other: [`Note`]. What it earns:
//! [`split`].
//!
//! Reading: [`find_twin`], [`named`], [`list()`]. Checking what somebody sends: the `parse_*` functions. Changing:
//! [`create`], [`patch`], [`retire`], [`give_consent`], [`revoke_consent`], [`link()`], [`unlink`], [`deploy()`],
//! [`withdraw`], [`license`]; each says at each effect what a crash there leaves behind, notes in a journal what it is
//! about to change, and tells the tenant's feed.

mod avatar;
mod behavior;
mod change;
mod consent;
mod create;
mod deploy;
mod link;
mod list;
mod mtid;
pub mod notes;
mod persona;
mod record;
mod refusal;
mod royalty;
mod rules;
#[cfg(test)]
mod tests;
mod training;

pub use avatar::{AvatarType, Emotion, NotAnAvatar, NotOnTheScale};
pub use behavior::{BehaviorMode, NotAMode};
pub use change::Place;
pub use consent::{
    CONSENT_REVOKED, Consent, MAX_CONSENTS, consent_context, consents, find_consents, forget_person, give_consent,
    has_consent, revoke_consent,
};
pub use create::{TWIN_RETIRED, create, patch, retire};
pub use deploy::{deploy, license, link, unlink, withdraw};
pub use link::{Link, LinkAddress, LinkOwner, NotALink, is_module};
pub use list::{Page, list, named, owned};
pub use mtid::{Mtid, NotAnId};
pub use notes::{Note, NoteKind, note_context};
pub use persona::{Persona, persona};
pub use record::{Environment, Licence, LicenceOptions, MAX_LINKS, Mesh, Twin, Voice, find_owner, find_twin, twin};
pub use refusal::Refusal;
pub use royalty::{Split, dollars, split};
pub use rules::{
    ConsentAsked, LinkAsked, Traits, parse_consent, parse_environment, parse_licence, parse_link, parse_twin,
};
pub use training::{Training, TrainingStatus, find_training, held_consents, trained_voice, training};
