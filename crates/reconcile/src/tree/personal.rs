//! Personal data that lies beside entries: what is there is what the entry was made with. What is gone was erased.

use audit::Personal;
use kv_schemas::{Store, StoreError, families};

use crate::{keys::Keys, log::Log, report::Report};

pub(crate) fn check(store: &dyn Store, keys: &Keys, log: &Log, report: &mut Report) -> Result<(), StoreError> {
    // The sequencer writes it before the entry.
    for seq in keys.personal.range(..log.size) {
        let place = families::PERSONAL.value::<Personal>(&[&seq.to_string()]);
        // What can't be read has been named by whoever read the entries.
        let (Ok(Some(opening)), Some(entry)) = (place.get(store), log.numbered.get(seq)) else { continue };
        let as_written = store.get(place.key())? == serde_json::to_vec(&opening).ok();
        let sentence = match &entry.personal {
            Some(digest) if *digest == opening.digest() && as_written => continue,
            Some(_) => {
                format!("The personal data of entry {seq} of the log is not that which the entry was made with.")
            }
            None => format!("Personal data lies beside entry {seq} of the log, which was made without any."),
        };
        report.differs("personal", format!("personal data of entry {seq}"), (), sentence);
    }
    Ok(())
}
