//! What a gate has against a request, and what to do about what went wrong.

use std::io;

use http::StatusCode;

/// A gate's answer that is no success.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    pub status: StatusCode,
    pub text: String,
}

/// What whoever sees this error does next, where that is known.
pub fn advice(error: &anyhow::Error) -> Option<&'static str> {
    let refusal = error.chain().find_map(|cause| cause.downcast_ref::<Refusal>());
    if let Some(Refusal { status, .. }) = refusal {
        return of_status(*status);
    }
    let kind = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    of_io(kind?)
}

fn of_status(status: StatusCode) -> Option<&'static str> {
    Some(match status.as_u16() {
        401 | 403 => {
            "give the key of that very gate: TOLLGATE_ADMIN_KEY for the operator's, TOLLGATE_SECRET_KEY for a tenant's; a \
             gate that made its own keeps it in keys.json of its data folder"
        }
        404 => "look for the right name with `tollgate tenant list`, and see whether --url is a gate's address",
        409 => "look at what is there already with `tollgate tenant show`",
        429 => "wait a minute, and try again",
        500..=599 => {
            "see whether the gate is well with `tollgate doctor`, and what its log says under the request's id"
        }
        _ => return None,
    })
}

fn of_io(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::ConnectionRefused => {
            "nobody listens there: start a gate with `tollgate up`, or name another one with --url"
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::TimedOut => {
            "something is there and doesn't talk as a gate does: check --url, also http against https"
        }
        io::ErrorKind::AddrInUse => {
            "see who has that address with `tollgate doctor`, or give another one with --listen"
        }
        io::ErrorKind::PermissionDenied => "run it as the user whom the data folder belongs to",
        io::ErrorKind::StorageFull => "make room on that disk, and try again",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn ops_4_an_error_says_what_to_do_next() {
        let refused = |status: u16| -> anyhow::Error {
            Refusal { status: StatusCode::from_u16(status).unwrap(), text: "no".into() }.into()
        };
        let io = |kind: io::ErrorKind| anyhow::Error::from(io::Error::from(kind)).context("asking http://127.0.0.1:1/");
        for (error, expected) in [
            (refused(401).context("listing tenants"), Some("TOLLGATE_ADMIN_KEY")),
            (refused(404), Some("tollgate tenant list")),
            (refused(409), Some("tollgate tenant show")),
            (refused(429), Some("wait")),
            (refused(503), Some("tollgate doctor")),
            (refused(400), None),
            (io(io::ErrorKind::ConnectionRefused), Some("tollgate up")),
            (io(io::ErrorKind::PermissionDenied), Some("user")),
            (io(io::ErrorKind::AddrInUse), Some("tollgate doctor")),
            (anyhow::anyhow!("something else"), None),
        ] {
            let advice = advice(&error);
            assert_eq!(advice.is_some(), expected.is_some(), "{error:#}");
            assert!(advice.unwrap_or_default().contains(expected.unwrap_or_default()), "{error:#}: {advice:?}");
        }
        assert_eq!(Err::<(), _>(refused(401)).context("x").unwrap_err().to_string(), "x");
    }
}
