//! The table of all key families. `cargo test -p kv-schemas` checks that it is consistent.

use crate::family::{Family, Kind};

macro_rules! families {
    ($($(#[$doc:meta])* $name:ident = $kind:ident $pattern:literal, writer $writer:literal, readers $readers:literal, lifetime $lifetime:literal;)*) => {
        $($(#[$doc])* pub const $name: Family = Family {
            pattern: $pattern,
            kind: Kind::$kind,
            writer: $writer,
            readers: $readers,
            lifetime: $lifetime,
        };)*

        /// Every family there is.
        pub const ALL: &[Family] = &[$($name),*];
    };
}

families! {
    /// A tenant's record.
    TENANT = Value "tenant/{tenant}", writer "twin-registry", readers "all", lifetime "until deleted; then a tombstone";
    /// All tenant ids ever made, in order.
    TENANT_LIST = Log "tenant-list", writer "twin-registry", readers "-", lifetime "for good";
    /// All that a tenant holds elsewhere (keys, origins, bindings), written before the thing itself, for its deletion.
    TENANT_HOLDINGS = Log "tenant-holdings/{tenant}", writer "twin-registry", readers "-", lifetime "until the tenant is deleted";
    /// That a tenant was deleted: its id is not given again.
    TENANT_GONE = Value "tenant-gone/{tenant}", writer "twin-registry", readers "-", lifetime "for good";
    /// Since when a tenant is being made, and by which attempt.
    TENANT_MARK = Value "tenant-mark/{tenant}", writer "twin-registry", readers "-", lifetime "until it is made";
    /// Who wins to make a tenant.
    TENANT_MAKING = Once "tenant-making/{tenant}/{attempt}", writer "twin-registry", readers "-", lifetime "until it is made";
    /// A company's caps.
    COMPANY = Value "company/{company}", writer "twin-registry", readers "pre-flight", lifetime "for good";
    /// Tenants that allow an origin; exists while there is one.
    ORIGIN = Value "origin/{origin}", writer "twin-registry", readers "all (CORS)", lifetime "until no tenant allows it";
    /// What a key's SHA-256 belongs to.
    KEY = Value "key/{sha256}", writer "twin-registry", readers "all", lifetime "until the tenant is deleted";
    /// A tenant's binding to a vendor; secrets sealed.
    VENDOR = Value "vendor/{tenant}/{vendor}", writer "twin-registry", readers "provider-proxy, webhook-ingest", lifetime "until the tenant is deleted";
    /// A vendor's price rows.
    PRICES = Value "price/{vendor}", writer "twin-registry", readers "pre-flight", lifetime "for good";
    /// Vendors that have prices.
    PRICE_LIST = Log "price-list", writer "twin-registry", readers "-", lifetime "for good";
    /// What the demo page shows.
    SITE = Value "site/demo", writer "site", readers "-", lifetime "for good";

    /// A page's session; the token only as a hash.
    SESSION = Value "session/{session}", writer "session-authorize", readers "pre-flight", lifetime "a day past its end; maintenance";
    /// Until when the next tick is expected.
    SESSION_DUE = Value "session-due/{session}", writer "session-authorize", readers "-", lifetime "with its session";
    /// That a session has ended, and why.
    SESSION_END = Value "session-end/{session}", writer "session-authorize", readers "pre-flight", lifetime "with its session";
    /// Who wins to end a session.
    SESSION_ENDING = Once "session-ending/{session}", writer "session-authorize", readers "-", lifetime "with its session";
    /// Sessions in the order of their making, for the sweep.
    SESSION_LIST = Log "session-list", writer "session-authorize", readers "-", lifetime "entries with their session; maintenance";
    /// Where the sweep begins.
    SESSION_HEAD = Value "session-head", writer "session-authorize", readers "-", lifetime "for good";
    /// Sessions opened with a publishable key from one address in a short window.
    SESSION_RATE = Counter "session-rate/{key}/{address}/{window}", writer "session-authorize", readers "-", lifetime "an hour; maintenance";
    /// A tenant's fetched key set for end-user tokens.
    JWKS = Value "jwks/{tenant}", writer "session-authorize", readers "-", lifetime "ten minutes; replaced";

    /// Reserved money of a scope and month, nano-USD: settled plus held.
    MONEY = Counter "spend/{scope}/{owner}/{month}", writer "pre-flight", readers "-", lifetime "for good; two keys a month";
    /// Reserved units of a scope and day.
    UNITS = Counter "units/{scope}/{owner}/{unit}/{day}", writer "pre-flight", readers "-", lifetime "40 days; maintenance";
    /// Open permits of a tenant.
    OPEN = Counter "open/{tenant}", writer "pre-flight", readers "-", lifetime "for good";
    /// Requests of a credential in a short window.
    RATE = Counter "rate/{credential}/{window}", writer "pre-flight", readers "-", lifetime "an hour; maintenance";
    /// A permit: what was reserved where, and what became of it.
    PERMIT = Value "permit/{id}", writer "pre-flight", readers "-", lifetime "32 days past its end; maintenance";
    /// Who wins to resolve a permit.
    PERMIT_RESOLVER = Once "permit-resolver/{id}", writer "pre-flight", readers "-", lifetime "with its permit";
    /// Who wins to give back what a permit held but did not use.
    PERMIT_CLOSER = Once "permit-closer/{id}", writer "pre-flight", readers "-", lifetime "with its permit";
    /// Who wins to make a permit whose id follows from an idempotency key.
    PERMIT_MAKER = Once "permit-maker/{id}", writer "pre-flight", readers "-", lifetime "with its permit";
    /// Permits in the order of their making, for the reaper.
    PERMIT_LIST = Log "permit-list", writer "pre-flight", readers "-", lifetime "entries until resolved; maintenance";
    /// Where the reaper begins.
    PERMIT_HEAD = Value "permit-head", writer "pre-flight", readers "-", lifetime "for good";
    /// Keys to delete once an hour is over.
    EXPIRY = Log "expiry/{hour}", writer "whoever writes the keys it lists", readers "pre-flight", lifetime "until that hour has passed; maintenance";
    /// The last hour whose keys are deleted.
    EXPIRY_HEAD = Value "expiry-head", writer "pre-flight", readers "-", lifetime "for good";

    /// Log entries on their way in.
    STAGE = Log "stage", writer "audit-append", readers "pre-flight (usage)", lifetime "until sequenced; maintenance";
    /// Where a permit's entry was staged.
    STAGED_AT = Value "staged-at/{id}", writer "audit-append", readers "-", lifetime "for good";
    /// The log itself: canonical entries by sequence number.
    ENTRY = Value "entry/{seq}", writer "audit-append", readers "-", lifetime "for good";
    /// A permit's place in the log.
    ENTRY_OF = Value "entry-of/{id}", writer "audit-append", readers "-", lifetime "for good";
    /// How far the sequencer is; under the ticket of the run that wrote it, so that a run that was replaced writes aside.
    SEQUENCER = Value "sequencer/{ticket}", writer "audit-append", readers "pre-flight (usage)", lifetime "until the next run; one that was replaced may leave its own";
    /// The tickets of sequencer runs: the newest holds the lease.
    SEQUENCER_TICKET = Counter "sequencer-ticket", writer "audit-append", readers "pre-flight (usage)", lifetime "for good";
    /// Since when a sequencer run is under way.
    SEQUENCER_MARK = Value "sequencer-mark", writer "audit-append", readers "-", lifetime "until that run ends";
    /// A scope's entries of a month or a day in order: positions in the log.
    TALLY = Value "tally/{scope}/{owner}/{window}/{n}", writer "audit-append", readers "pre-flight (usage)", lifetime "for good";
    /// Sums of a scope's entries of a month or a day; right up to the position it names.
    TOTALS = Value "totals/{scope}/{owner}/{window}", writer "audit-append", readers "pre-flight (usage)", lifetime "for good";
    /// A tenant's entries in order: positions in the log.
    TENANT_ENTRY = Value "tenant-entry/{tenant}/{n}", writer "audit-append", readers "-", lifetime "for good";
    /// How many entries a tenant has; right up to the position it names.
    TENANT_ENTRIES = Value "tenant-entries/{tenant}", writer "audit-append", readers "-", lifetime "for good";

    /// A live session at a vendor.
    LIVE = Value "live/{id}", writer "provider-proxy", readers "webhook-ingest", lifetime "a day past its end; maintenance";
    /// That and when a live session ends.
    LIVE_ENDING = Value "live-ending/{id}", writer "provider-proxy", readers "-", lifetime "a day past its end; maintenance";
    /// Of the ticks of one moment, who pays.
    LIVE_TICK = Once "live-tick/{moment}", writer "provider-proxy", readers "-", lifetime "an hour; maintenance";
    /// A vendor's id of a live session to ours.
    LIVE_BY_VENDOR = Value "live-by-vendor/{tenant}/{vendor}/{vendor_id}", writer "provider-proxy", readers "webhook-ingest", lifetime "a day past its end; maintenance";
    /// What a session holds at vendors.
    LIVE_OF_SESSION = Value "live-of-session/{session}", writer "provider-proxy", readers "-", lifetime "a day past its end; maintenance";
    /// Live sessions in the order of their making.
    LIVE_LIST = Log "live-list", writer "provider-proxy", readers "-", lifetime "entries until ended; maintenance";
    /// Where the kill switch begins.
    LIVE_HEAD = Value "live-head", writer "provider-proxy", readers "-", lifetime "for good";
    /// That a vendor said a live session ended.
    LIVE_REPORT = Value "live-report/{id}", writer "webhook-ingest", readers "provider-proxy", lifetime "a day; maintenance";

    /// That an answer under way is to stop.
    INTERRUPT = Value "interrupt/{id}", writer "provider-proxy", readers "-", lifetime "an hour; maintenance";

    /// The answer to a request with an idempotency key.
    ANSWER = Value "answer/{owner}/{sha256}", writer "the component that serves the route", readers "-", lifetime "a day; maintenance";
    /// Who wins to serve a request with an idempotency key.
    ANSWERING = Once "answering/{owner}/{sha256}", writer "the component that serves the route", readers "-", lifetime "a day; maintenance";
    /// Requests with an idempotency key in the order of their coming, for the sweep.
    ANSWER_LIST = Log "answer-list", writer "the component that serves the route", readers "session-authorize (sweep)", lifetime "a day; maintenance";
    /// Where that sweep begins.
    ANSWER_HEAD = Value "answer-head", writer "session-authorize", readers "-", lifetime "for good";

    /// A webhook as it came.
    WEBHOOK = Value "webhook/{id}", writer "webhook-ingest", readers "-", lifetime "14 days; swept as webhooks come";
    /// Which stored webhook has this dedupe id.
    WEBHOOK_SEEN = Value "webhook-seen/{tenant}/{provider}/{sha256}", writer "webhook-ingest", readers "-", lifetime "32 days; swept as webhooks come";
    /// Who wins to apply a webhook.
    WEBHOOK_APPLYING = Once "webhook-applying/{tenant}/{provider}/{sha256}", writer "webhook-ingest", readers "-", lifetime "32 days; swept as webhooks come";
    /// Webhooks whose effect failed.
    DEAD_LETTER = Log "dead-letter", writer "webhook-ingest", readers "-", lifetime "14 days; swept as webhooks come";
    /// Webhooks in the order of their coming, for the reaper.
    WEBHOOK_LIST = Log "webhook-list", writer "webhook-ingest", readers "-", lifetime "32 days; swept as webhooks come";
    /// Where the reaper of webhooks begins.
    WEBHOOK_HEAD = Value "webhook-head", writer "webhook-ingest", readers "-", lifetime "for good";
}
