//! Recipes and their performances: crate `runs`, worked by component `provider-proxy`.

families! {
    "Runs";

    /// A tenant's recipe.
    PROJECT: Values "project/{tenant}/{project}" of "JSON `runs::store::KeptProject`",
        written by "provider-proxy", read by "-",
        kept "until deleted; when its tenant is, until the rounds come by", removed by "provider-proxy";
    /// A tenant's recipes in the order of their making.
    PROJECT_LIST: Logs "project-list/{tenant}" of "JSON text: the recipe's id",
        written by "provider-proxy", read by "-",
        kept "with its recipe", removed by "provider-proxy";
    /// How many recipes a tenant has, or more.
    PROJECT_COUNT: Counters "project-count/{tenant}" of "recipes",
        written by "provider-proxy", read by "-",
        kept "until the tenant is deleted", removed by "provider-proxy, on its rounds";
    /// That a recipe's place was given up: it is counted off once.
    PROJECT_GONE: Onces "project-gone/{tenant}/{index}" of "the one who counts it off",
        written by "provider-proxy", read by "-",
        kept "an hour", removed by "expiry";
    /// A tenant's place among those that have recipes.
    PROJECT_OWNER: Values "project-owner/{tenant}" of "JSON number: the index",
        written by "provider-proxy", read by "-",
        kept "until the tenant is deleted", removed by "provider-proxy, on its rounds";
    /// Tenants that have, or had, recipes: the rounds look at a few each, whether they are deleted.
    PROJECT_OWNERS: Logs "project-owners" of "JSON text: the tenant's id",
        written by "provider-proxy", read by "-",
        kept "until the tenant is deleted", removed by "provider-proxy, on its rounds";
    /// Where the next look at them begins.
    PROJECT_OWNERS_HEAD: Values "project-owners-head" of "JSON `kv_schemas::sweep::Head`",
        written by "provider-proxy", read by "-",
        kept "for good", removed by "-";
    /// One performance of a recipe.
    RUN: Values "run/{id}" of "JSON `runs::Run`",
        written by "provider-proxy", read by "-",
        kept "97 days past its start: it ends within 7 days and is kept for 90 more", removed by "expiry";
    /// Runs under way, in the order of their start.
    RUN_LIST: Logs "run-list" of "JSON `runs::store::Listed`",
        written by "provider-proxy", read by "operations",
        kept "until nothing is left to be done for the run", removed by "provider-proxy, driving it";
    /// Where the drive through them begins.
    RUN_HEAD: Values "run-head" of "JSON `kv_schemas::sweep::Head`",
        written by "provider-proxy", read by "operations",
        kept "for good", removed by "-";
    /// A tenant's runs in the order of their start.
    RUNS_OF: Logs "runs-of/{tenant}" of "JSON `runs::store::Listed`",
        written by "provider-proxy", read by "-",
        kept "with its run", removed by "expiry";
    /// How many runs of a tenant are under way, or more: of those that began within 8 days.
    RUNS_OPEN: Counters "runs-open/{tenant}/{window}" of "runs",
        written by "provider-proxy", read by "-",
        kept "with the runs of those days", removed by "expiry";
    /// Since when somebody works on a run.
    RUN_MARK: Values "run-mark/{id}" of "JSON number: milliseconds since 1970",
        written by "provider-proxy", read by "-",
        kept "until that work is done, with its run at most", removed by "provider-proxy; expiry";
    /// Who works on a run: the newest ticket.
    RUN_TICKET: Counters "run-ticket/{id}" of "tickets",
        written by "provider-proxy", read by "-",
        kept "with its run", removed by "expiry";
    /// When the runs were last driven by the timer's own route.
    RUNS_DRIVEN: Values "runs-driven" of "JSON number: when, milliseconds since 1970",
        written by "provider-proxy", read by "-",
        kept "for good", removed by "-";
}
