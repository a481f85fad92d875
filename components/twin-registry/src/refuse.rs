//! Refusals of the crates `tenancy` and `twins` in the documented error shape.

use problem::{Kind, Problem};
use shell::offline;
use tenancy::{Invalid, WriteError};
use twins::Refusal;

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
            ..Problem::new(Kind::Conflict, "in_progress", "This tenant is being made or changed by another request.")
        },
        WriteError::NotFound(what) => Problem::not_found(format!("There is no such {what}.")),
        WriteError::Store(error) => offline(&error),
    }
}

/// A refused change of a twin.
pub fn twin(refusal: Refusal) -> Problem {
    let message = refusal.to_string();
    match refusal {
        Refusal::Invalid(field) => invalid(field),
        Refusal::NotFound(what) => Problem::not_found(format!("There is no such {what}.")),
        Refusal::Exists => Problem::conflict("twin_exists", "This tenant has a twin, and can have one only."),
        Refusal::Retired => Problem::conflict("twin_retired", "This twin is retired."),
        Refusal::ConsentRequired => consent_required(),
        Refusal::TooMany { what, .. } => Problem::conflict(&format!("too_many_{what}"), sentence(&message)),
        Refusal::Busy => Problem {
            retry_after_ms: Some(1_000),
            ..Problem::new(Kind::Conflict, "in_progress", "This twin is being changed by another request.")
        },
        Refusal::Store(error) => offline(&error),
    }
}

/// 403: nobody has consented.
pub fn consent_required() -> Problem {
    Problem::forbidden("consent_required", "A recorded consent is required.")
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};
    use tenancy::{parse_company, parse_tenant};

    use super::*;

    #[test]
    fn a_limit_that_makes_no_sense_is_400_and_named() {
        let named = |problem: Problem| {
            assert_eq!((problem.kind, problem.code.as_str()), (Kind::InvalidRequest, "invalid_request"));
            problem.param
        };
        let check = |limits: Json, param: &str| {
            let tenant = json!({"id": "demo", "company": "acme", "limits": limits});
            let start = parse_tenant(&json!({"id": "demo", "company": "acme"})).unwrap();
            let posted = invalid(parse_tenant(&tenant).unwrap_err());
            let put = invalid(parse_company("acme", &json!({ "limits": limits })).unwrap_err());
            let merged = write(tenancy::patched(&start, &json!({ "limits": limits })).unwrap_err().into());
            for problem in [posted, put, merged] {
                assert_eq!(named(problem).as_deref(), Some(param), "{limits}");
            }
        };
        for field in ["monthly_cost_usd", "session_cost_usd"] {
            for value in [json!(1), json!(-1), json!(0.5), json!("-1"), json!("1e9"), json!("9000000001"), json!("x")] {
                check(json!({ field: value }), &format!("limits.{field}"));
            }
        }
        for field in ["daily_units", "session_units"] {
            for value in [json!(-1), json!(0.5), json!(1e300), json!(u64::MAX), json!("1")] {
                check(json!({field: {"seconds": value}}), &format!("limits.{field}.seconds"));
            }
            check(json!({field: {"parsecs": 1}}), &format!("limits.{field}.parsecs"));
            check(json!({ field: 1 }), &format!("limits.{field}"));
        }
        for field in ["burst", "queue_wait_ms", "requests_per_minute", "request_burst"] {
            for value in [json!(-1), json!(0.5), json!(1e300), json!(1_000_001), json!("1")] {
                check(json!({ field: value }), &format!("limits.{field}"));
            }
        }
        for field in ["burst", "requests_per_minute", "request_burst"] {
            check(json!({ field: 0 }), &format!("limits.{field}"));
        }
    }
}
