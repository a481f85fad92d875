//! Reading what somebody may have damaged.

use kv_schemas::StoreError;

use crate::report::Report;

/// What can't be read is a finding, not the end of the check.
pub(crate) fn readable<T>(read: Result<T, StoreError>, report: &mut Report) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Corrupt { key, reason }) => {
            let sentence = format!("What stands under {key} can't be read: {reason}.");
            report.differs("unreadable", key, (), sentence);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
