//! Twins, the consent they rest on, what they share, and certificates: crates `twins` and `compliance`.

families! {
    "Twins";

    /// A tenant's twin.
    TWIN: Values "twin/{tenant}" of "JSON `twins::Twin`",
        written by "twin-registry", read by "session-authorize, provider-proxy",
        kept "until the tenant is deleted", removed by "twin-registry, deleting it";
    /// Whose twin it is.
    TWIN_ID: Values "twin-id/{code}" of "JSON text: the tenant's id",
        written by "twin-registry", read by "provider-proxy",
        kept "for good: an id is not given again", removed by "-";
    /// All tenants that have, or had, a twin, in the order of their making.
    TWIN_LIST: Logs "twin-list" of "JSON text: the tenant's id",
        written by "twin-registry", read by "operations",
        kept "until the tenant is deleted", removed by "twin-registry, deleting it";
    /// Who may open and use a twin's sessions: what of the tenant's record is kept here is as it is here.
    TWIN_ACCESS: Values "twin-access/{tenant}" of "JSON `tenancy::TwinAccess`",
        written by "twin-registry", read by "-",
        kept "until the tenant is deleted", removed by "twin-registry, deleting it";
    /// Since when a twin, or what is sealed for its tenant, is being changed, and by which attempt.
    TWIN_MARK: Values "twin-mark/{tenant}" of "JSON `tenancy::Mark`",
        written by "twin-registry", read by "-",
        kept "until it is changed", removed by "twin-registry, having changed it";
    /// Who wins to change it.
    TWIN_CHANGING: Onces "twin-changing/{tenant}/{attempt}" of "taken at 1",
        written by "twin-registry", read by "-",
        kept "until it is changed", removed by "twin-registry, having changed it";
    /// Since when a training is being begun, and by which attempt.
    TWIN_TRAINING_MARK: Values "twin-training-mark/{tenant}" of "JSON `tenancy::Mark`",
        written by "provider-proxy", read by "-",
        kept "until it is begun", removed by "provider-proxy, having begun it";
    /// Who wins to begin it.
    TWIN_TRAINING_TURN: Onces "twin-training-turn/{tenant}/{attempt}" of "taken at 1",
        written by "provider-proxy", read by "-",
        kept "until it is begun", removed by "provider-proxy, having begun it";
    /// How far a twin's voice has been trained.
    TWIN_TRAINING: Values "twin-training/{tenant}" of "JSON `twins::Training`",
        written by "provider-proxy", read by "twin-registry",
        kept "until the tenant is deleted", removed by "twin-registry, deleting it";
    /// Who has consented to a twin, when and what for; names sealed.
    TWIN_CONSENT: Values "twin-consent/{tenant}" of "JSON list of `twins::Consent`",
        written by "twin-registry", read by "provider-proxy",
        kept "until the tenant is deleted", removed by "twin-registry, deleting it";
    /// What a company's twins tell each other; sealed.
    MESH_NOTE: Logs "mesh-note/{company}" of "JSON `twins::Note`",
        written by "twin-registry", read by "provider-proxy",
        kept "30 days, and the newest 200 only", removed by "twin-registry, in maintenance";
    /// Where a company's notes begin.
    MESH_HEAD: Values "mesh-head/{company}" of "JSON number: an index",
        written by "twin-registry", read by "provider-proxy",
        kept "for good", removed by "-";
    /// Companies that have notes.
    MESH_LIST: Logs "mesh-list" of "JSON text: the company's id",
        written by "twin-registry", read by "-",
        kept "for good", removed by "-";
    /// That a company is on that list.
    MESH_LISTED: Onces "mesh-listed/{company}" of "taken at 1",
        written by "twin-registry", read by "-",
        kept "for good", removed by "-";
    /// When notes were last looked through for old ones.
    MESH_LOOKED: Values "mesh-looked" of "JSON number: milliseconds since 1970",
        written by "twin-registry", read by "-",
        kept "for good", removed by "-";
    /// Tenants whose twins have asked the mesh for something once, and hear of new notes.
    MESH_MEMBER: Logs "mesh-member/{company}" of "JSON text: the tenant's id",
        written by "twin-registry", read by "-",
        kept "for good", removed by "-";
    /// That a tenant is on that list.
    MESH_JOINED: Onces "mesh-joined/{company}/{tenant}" of "taken at 1",
        written by "twin-registry", read by "-",
        kept "for good", removed by "-";
    /// A tenant's certificates of analysis.
    CERTIFICATES: Values "certificate/{tenant}" of "JSON list of `compliance::Certificate`",
        written by "twin-registry", read by "session-authorize, operations",
        kept "until the tenant is deleted", removed by "twin-registry, deleting it";
    /// Sessions of one person in one month, known by a keyed hash of what the tenant calls them.
    PERSON_SESSION: Logs "person-session/{tenant}/{hash}" of "JSON `compliance::PersonSession`",
        written by "session-authorize", read by "twin-registry",
        kept "90 days past its month", removed by "expiry; twin-registry, erasing";
    /// The key of those hashes, sealed.
    PERSON_KEY: Values "person-key" of "JSON text, sealed",
        written by "session-authorize", read by "twin-registry",
        kept "for good", removed by "-";
    /// An erasure of one person's data: what was asked for, and how far it is.
    PERSON_ERASURE: Values "person-erasure/{id}" of "JSON `compliance::Erasure`",
        written by "twin-registry", read by "-",
        kept "30 days", removed by "expiry";
    /// Erasures under way, in the order in which they were asked for.
    PERSON_ERASURE_LIST: Logs "person-erasure-list" of "JSON `compliance::erasure::Listed`",
        written by "twin-registry", read by "-",
        kept "until it is finished", removed by "twin-registry, in maintenance";
    /// Where the next look at them begins.
    PERSON_ERASURE_HEAD: Values "person-erasure-head" of "JSON `kv_schemas::sweep::Head`",
        written by "twin-registry", read by "-",
        kept "for good", removed by "-";
    /// Since when somebody works on erasures.
    PERSON_ERASURE_MARK: Values "person-erasure-mark" of "JSON number: milliseconds since 1970",
        written by "twin-registry", read by "-",
        kept "until that run ends", removed by "twin-registry";
    /// The tickets of those who work on them: the newest holds the lease.
    PERSON_ERASURE_TICKET: Counters "person-erasure-ticket" of "tickets drawn",
        written by "twin-registry", read by "-",
        kept "for good", removed by "-";
    /// How far sealing anew has come after a change of the master key.
    RESEAL: Values "reseal" of "JSON `twin_registry::reseal::Progress`",
        written by "twin-registry", read by "-",
        kept "for good", removed by "-";
}
