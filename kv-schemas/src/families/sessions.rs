//! Pages' sessions: crate `session`.

families! {
    "Sessions";

    /// A page's session; the token only as a hash.
    SESSION: Values "session/{session}" of "JSON `session::Session`",
        written by "session-authorize", read by "pre-flight",
        kept "a day past its end", removed by "session-authorize, in maintenance; twin-registry, erasing";
    /// Until when the next tick is expected.
    SESSION_DUE: Values "session-due/{session}" of "JSON number: milliseconds since 1970",
        written by "session-authorize", read by "pre-flight",
        kept "with its session", removed by "session-authorize, in maintenance; twin-registry, erasing";
    /// That a session has ended, and why.
    SESSION_END: Values "session-end/{session}" of "JSON `session::Ending`",
        written by "session-authorize", read by "pre-flight, provider-proxy",
        kept "with its session", removed by "session-authorize, in maintenance; twin-registry, erasing";
    /// Who wins to end a session.
    SESSION_ENDING: Onces "session-ending/{session}" of "taken at 1",
        written by "session-authorize", read by "-",
        kept "with its session", removed by "session-authorize, in maintenance; twin-registry, erasing";
    /// Sessions in the order of their making, for who lists them and for the sweep.
    SESSION_LIST: Logs "session-list" of "JSON `session::record::Listed`",
        written by "session-authorize", read by "-",
        kept "with its session", removed by "session-authorize, in maintenance";
    /// Where the sweep begins.
    SESSION_HEAD: Values "session-head" of "JSON `session::sweep::Head`",
        written by "session-authorize", read by "-",
        kept "for good", removed by "-";
    /// Sessions that began and ended, on their way into the log.
    SESSION_EVENT: Logs "session-event" of "JSON `session::Event`",
        written by "session-authorize", read by "-",
        kept "until it is in the log", removed by "session-authorize, in maintenance";
    /// Where the next look for them begins.
    SESSION_EVENT_HEAD: Values "session-event-head" of "JSON `kv_schemas::sweep::Head`",
        written by "session-authorize", read by "-",
        kept "for good", removed by "-";
    /// That the first speech of a session has told that it is an AI.
    DISCLOSURE_SAID: Values "disclosure-said/{session}" of "JSON number: milliseconds since 1970",
        written by "provider-proxy", read by "-",
        kept "a day", removed by "expiry";
    /// Sessions opened with a publishable key from one address in a short window.
    SESSION_RATE: Counters "session-rate/{key}/{address}/{window}" of "sessions",
        written by "session-authorize", read by "-",
        kept "two hours", removed by "expiry";
    /// A tenant's fetched key set for end-user tokens.
    JWKS: Values "jwks/{tenant}" of "JSON `session_authorize::key_sets::Fetched`",
        written by "session-authorize", read by "-",
        kept "for good; replaced when ten minutes old", removed by "-";
}
