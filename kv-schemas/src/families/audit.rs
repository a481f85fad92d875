//! The log and its sums: crate `audit`. Only `audit-append` writes these.

families! {
    "Log";

    /// Log entries on their way in.
    STAGE: Logs "stage" of "JSON `audit::Staged`",
        written by "audit-append", read by "pre-flight",
        kept "until sequenced", removed by "audit-append, sequencing";
    /// Where a permit's entry was staged.
    STAGED_AT: Values "staged-at/{id}" of "JSON number: the stage index",
        written by "audit-append", read by "pre-flight (reaper)",
        kept "for good", removed by "-";
    /// The log itself: canonical entries by sequence number.
    ENTRY: Values "entry/{seq}" of "JSON `audit::Entry`, canonical",
        written by "audit-append", read by "pre-flight",
        kept "for good", removed by "-";
    /// Personal data of an entry, beside the log: removing it leaves the log and its proofs as they are.
    PERSONAL: Values "personal/{seq}" of "JSON `audit::Personal`",
        written by "audit-append", read by "-",
        kept "for the time set for its kind, or until it is erased", removed by "audit-append, retention";
    /// A permit's place in the log.
    ENTRY_OF: Values "entry-of/{id}" of "JSON number: the sequence number",
        written by "audit-append", read by "pre-flight",
        kept "for good", removed by "-";
    /// Tiles of the Merkle tree over the log, by level, index and width. One name never has two contents.
    TILE: Values "tile/{level}/{index}/{width}" of "JSON text: base64 of up to 256 hashes",
        written by "audit-append", read by "-",
        kept "for good; a partial one while one of the last 16 checkpoints needs it",
        removed by "audit-append, sequencing; a run that was replaced may leave partial ones";
    /// Signed checkpoints by number, from 1.
    CHECKPOINT: Values "checkpoint/{n}" of "JSON text: a signed note",
        written by "audit-append", read by "-",
        kept "the last 16; a run that was replaced may leave one", removed by "audit-append, sequencing";
    /// How far the sequencer is; under the ticket of the run that wrote it, so that a run that was replaced writes aside.
    SEQUENCER: Values "sequencer/{ticket}" of "JSON `audit::state::State`",
        written by "audit-append", read by "pre-flight",
        kept "until the next run; one that was replaced may leave its own", removed by "audit-append, sequencing";
    /// The tickets of sequencer runs: the newest holds the lease.
    SEQUENCER_TICKET: Counters "sequencer-ticket" of "tickets drawn",
        written by "audit-append", read by "pre-flight",
        kept "for good", removed by "-";
    /// Since when a sequencer run is under way.
    SEQUENCER_MARK: Values "sequencer-mark" of "JSON number: milliseconds since 1970",
        written by "audit-append", read by "-",
        kept "until that run ends", removed by "audit-append, sequencing";
    /// A scope's entries of a month or a day in order: positions in the log.
    TALLY: Values "tally/{scope}/{owner}/{window}/{n}" of "JSON number: a sequence number",
        written by "audit-append", read by "pre-flight",
        kept "for good", removed by "-";
    /// Sums of a scope's entries of a month or a day; right up to the position it names.
    TOTALS: Values "totals/{scope}/{owner}/{window}" of "JSON `audit::Totals`",
        written by "audit-append", read by "pre-flight",
        kept "for good", removed by "-";
    /// A tenant's entries in order: positions in the log.
    TENANT_ENTRY: Values "tenant-entry/{tenant}/{n}" of "JSON number: a sequence number",
        written by "audit-append", read by "-",
        kept "for good", removed by "-";
    /// How many entries a tenant has; right up to the position it names.
    TENANT_ENTRIES: Values "tenant-entries/{tenant}" of "JSON `audit::places::TenantCount`",
        written by "audit-append", read by "-",
        kept "for good", removed by "-";
    /// Up to where the personal data of a kind of entry has aged out.
    PERSONAL_HEAD: Values "personal-head/{kind}" of "JSON `audit::retention::Head`",
        written by "audit-append", read by "-",
        kept "for good", removed by "-";
    /// How far the log was at the last looks: what no run of the sequencer writes any more.
    PERSONAL_STILL: Values "personal-still" of "JSON `audit::still::Looks`",
        written by "audit-append", read by "-",
        kept "for good", removed by "-";
    /// Sessions whose personal data is being erased.
    ERASURES: Logs "erasures" of "JSON `audit::erasure::Task`",
        written by "audit-append", read by "-",
        kept "until it is done; the tail for good", removed by "audit-append, retention";
    /// How far an erasure is.
    ERASURE_PROGRESS: Values "erasure-progress/{n}" of "JSON `audit::erasure::Progress`",
        written by "audit-append", read by "-",
        kept "32 days beyond its end", removed by "expiry";
    /// Where the work on erasures stands.
    ERASURE_HEAD: Values "erasure-head" of "JSON `kv_schemas::sweep::Head`",
        written by "audit-append", read by "-",
        kept "for good", removed by "-";
    /// The tickets of those who work on erasures: the newest holds the lease.
    ERASURE_TICKET: Counters "erasure-ticket" of "tickets drawn",
        written by "audit-append", read by "-",
        kept "for good", removed by "-";
    /// Since when somebody is working on erasures.
    ERASURE_MARK: Values "erasure-mark" of "JSON number: milliseconds since 1970",
        written by "audit-append", read by "-",
        kept "until that run ends", removed by "audit-append, retention";
    /// Which erasure was last asked for a session: by tenant, and the SHA-256 of the session's id.
    ERASURE_OF: Values "erasure-of/{tenant}/{digest}" of "JSON number: its place in `ERASURES`",
        written by "audit-append", read by "-",
        kept "32 days beyond its end", removed by "expiry";
    /// How often an erasure was asked for again while it was under way.
    ERASURE_ASKED: Counters "erasure-asked/{n}" of "repeats",
        written by "audit-append", read by "-",
        kept "32 days beyond its end", removed by "expiry";
    /// An erasure that is done.
    ERASED: Values "erased/{n}" of "JSON `audit::erasure::Done`",
        written by "audit-append", read by "-",
        kept "32 days", removed by "expiry";
}
