//! The core of the audit log: one entry for every settled permit, in one order for the whole deployment.
//!
//! [`append`] stages an entry durably, [`sequence`] gives staged entries their place, [`totals`] sums them up and
//! [`Snapshot`] lists them. Staged entries count and show at once; they only have no number yet.
//!
//! [`sequence`] also signs a [`checkpoint`] over all entries with a number. From then on nobody can change, remove or
//! reorder them unseen, the operator included: [`tile`] and [`bundle`] show the whole tree, [`receipt`] proves one entry.

mod append;
mod batch;
mod cursor;
mod days;
mod entry;
mod erasure;
mod hex;
mod invoice;
mod lines;
mod list;
mod month;
mod personal;
mod places;
mod read_view;
mod recent;
mod retention;
mod selection;
mod sequence;
mod settled;
mod state;
mod still;
mod sums;
mod totals;
mod tree;
mod view;

pub use append::{append, append_timed, stage_of};
pub use cursor::{Cursor, Position};
pub use days::days;
pub use entry::{EVENT_TYPES, Entry, Kind, VERSION};
pub use erasure::{
    EraseError, Erasure, ErasureRequest, ErasureStatus, MAX_PENDING as MAX_PENDING_ERASURES, SETTLE_MS, erase, erasure,
};
pub use invoice::{FINAL_AFTER_MS, Invoice, Item as InvoiceItem, Month, Status as InvoiceStatus, UNSPECIFIED, invoice};
pub use lines::{Line, MAX_LINES, OTHER_MODELS};
pub use list::{Item, MAX_SCAN, Snapshot, find};
pub use month::{MonthPage, month_page};
pub use personal::{Personal, SALT_BYTES, Staged};
pub use read_view::ViewError;
pub use retention::{Retained, Retention, RetentionError, retain};
pub use selection::{Filter, Period, Selection};
pub use sequence::{GRACE_MS, LEASE_MS, MAX_RUN, Progress, progress, sequence, sequence_unsigned};
pub use settled::{SettledTotal, settled};
pub use still::{LOOK_MS, RUN_MS};
pub use sums::{Scope, Share, Totals};
pub use tlog::Signer;
pub use totals::totals;
pub use tree::{KEPT, MAX_STEP, bundle, checkpoint, receipt, rekeyed, tile};
pub use view::View;
