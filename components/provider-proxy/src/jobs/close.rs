//! The end of a job.

use kv_schemas::{Store, StoreError, Value, expiry};

use super::{
    record::{Job, KEPT_HOURS, by_vendor, calling, hint, list, record},
    training,
};

/// Nothing is left to be done for it; its permit is resolved.
pub fn close(store: &dyn Store, job: &Job) -> Result<(), StoreError> {
    let (record, hint) = (record(&job.id), hint(&job.id));
    let by_vendor = job.vendor_id.as_deref().map(|vendor_id| by_vendor(job, vendor_id));
    let calling = calling(&job.id);
    let mut keys = vec![record.key(), hint.key()];
    keys.extend(job.run.as_ref().map(|_| calling.key()));
    keys.extend(by_vendor.as_ref().map(Value::key));
    expiry::forget_after(store, shell::host::now().hour_number() + KEPT_HOURS, &keys)?;
    training::ended(store, job)?;
    record.set(store, job)?;
    // Last, so that a crash before leaves it on the list of those under way.
    list().remove(store, job.list_index)
}

#[cfg(test)]
mod tests {
    use calendar::{HOUR, Millis};
    use kv_schemas::memory::Memory;
    use serde_json::json;

    use super::{
        super::record::{UNSENT_MS, enlist, mark_sent},
        *,
    };

    #[test]
    fn what_names_the_caller_goes_with_the_record() {
        let store = Memory::default();
        expiry::sweep(&store, shell::host::now().hour_number()).unwrap();
        let now = Millis(1_000_000 * HOUR);
        let mut job: Job = serde_json::from_value(json!({
            "id": "job_1", "tenant": "demo", "session": null, "provider": "kie", "kind": "clip",
            "binding": { "mode": "live", "options": {} }, "vendor_id": null, "permit": "lc_1",
            "started_at": now, "next_look": now.plus(UNSENT_MS), "looks": 0, "state": { "status": "queued" },
            "list_index": 0, "run": { "run": "run_1", "step": "a", "sent": false },
        }))
        .unwrap();
        enlist(&store, &mut job).unwrap();
        assert!(mark_sent(&store, &mut job, now).unwrap());
        close(&store, &job).unwrap();
        let hour = shell::host::now().hour_number() + KEPT_HOURS + 2;
        for _ in 0..20 {
            expiry::sweep(&store, hour).unwrap();
        }
        assert_eq!(store.keys().iter().filter(|key| key.contains("job_1")).count(), 0, "{:?}", store.keys());
    }
}
