//! Answers to requests with an idempotency key: `components/shell`, for every component that keeps them.

families! {
    "Idempotency keys";

    /// The answer to a request with an idempotency key, the plan it was made by, and since when it is being made.
    ANSWER: Values "answer/{owner}/{part}" of "`<sha256>.answer` and `.plan`: JSON fingerprint and sealed text; `.mark`: JSON `tenancy::Mark`",
        written by "the component that serves the route", read by "-",
        kept "a day", removed by "session-authorize, in maintenance; twin-registry, erasing";
    /// Who wins to serve a request with an idempotency key.
    ANSWERING: Onces "answering/{owner}/{attempt}" of "taken at 1; the attempt is `<sha256>.<n>`",
        written by "the component that serves the route", read by "-",
        kept "until answered", removed by "the same, having answered; session-authorize, in maintenance; twin-registry, erasing";
    /// Requests with an idempotency key in the order of their coming, for the sweep.
    ANSWER_LIST: Logs "answer-list" of "JSON owner, hashed key and time",
        written by "the component that serves the route", read by "session-authorize (sweep)",
        kept "a day", removed by "session-authorize, in maintenance; twin-registry, erasing";
    /// Where that sweep begins.
    ANSWER_HEAD: Values "answer-head" of "JSON number: an index",
        written by "session-authorize", read by "-",
        kept "for good", removed by "-";
}
