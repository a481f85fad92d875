//! Refusals of crate `tenancy` in the documented error shape.

use problem::{Kind, Problem};
use shell::offline;
use tenancy::{Invalid, WriteError};

/// 400 with the field's path.
pub fn invalid(invalid: Invalid) -> Problem {
    Problem::invalid(&invalid.param, invalid.to_string())
}

/// A refused write.
pub fn write(error: WriteError) -> Problem {
    match error {
        WriteError::Invalid(field) => invalid(field),
        WriteError::Exists => Problem::conflict("tenant_exists", "A tenant with this id exists."),
        WriteError::Deleted => Problem::conflict("tenant_deleted", "This id belonged to a tenant that was deleted."),
        WriteError::Busy => Problem {
            retry_after_ms: Some(1_000),
            ..Problem::new(Kind::Conflict, "in_progress", "This tenant is being made by another request.")
        },
        WriteError::NotFound(what) => Problem::not_found(format!("There is no such {what}.")),
        WriteError::Store(error) => offline(&error),
    }
}
