//! The address a vendor reports to: unguessable, and told to nobody but the vendor.

use shell::{Call, Problem, host};

use crate::vendor::Vendor;

/// Where the vendor reports to: only who was given this address can. The caller chooses the address it came by, so
/// without `public_url` that is told to a vendor only where it stays on this machine (development).
pub async fn url(call: &Call, vendor: &Vendor, id: &str) -> Result<Option<String>, Problem> {
    let public = host::variable("public_url").await;
    let own = call.own_origin();
    let base = match public.trim_end_matches('/') {
        "" if is_loopback(&own) => own.as_str(),
        "" => return Ok(None),
        public => public,
    };
    let (tenant, provider) = (&vendor.tenant, vendor.name());
    let token = host::vault().await?.token(&format!("callback/{tenant}/{provider}/{id}"));
    Ok(Some(format!("{base}/v1/webhooks/{provider}/{tenant}?live={id}&token={token}")))
}

fn is_loopback(origin: &str) -> bool {
    let Ok(uri) = origin.parse::<http::Uri>() else { return false };
    uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
        && matches!(uri.host(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machine_is_told_where_the_caller_came_by() {
        let check = |origin: &str, loopback| assert_eq!(is_loopback(origin), loopback, "{origin}");
        check("http://127.0.0.1:3000", true);
        check("http://localhost", true);
        check("http://[::1]:3000", true);
        check("https://gate.example.com", false);
        check("http://127.0.0.1@evil.example", false);
        check("http://127.0.0.1.evil.example", false);
        check("http://localhost.evil.example", false);
        check("://", false);
    }
}
