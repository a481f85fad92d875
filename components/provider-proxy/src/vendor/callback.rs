//! The address a vendor reports to: unguessable, and told to nobody but the vendor.

use shell::{Call, Problem, host};

use crate::vendor::Vendor;

/// Where the vendor reports to: only who was given this address can. `None` where the gate has no address to tell.
pub async fn url(base: Option<&str>, vendor: &Vendor, id: &str) -> Result<Option<String>, Problem> {
    let Some(base) = base else { return Ok(None) };
    let (tenant, provider) = (&vendor.tenant, vendor.name());
    let token = host::vault().await?.token(&format!("callback/{tenant}/{provider}/{id}"));
    Ok(Some(format!("{base}/v1/webhooks/{provider}/{tenant}?live={id}&token={token}")))
}

/// Where the gate is, for who comes by itself. The caller chooses the address it came by, so without `public_url` that is
/// told to anybody only where it stays on this machine (development).
pub async fn base(call: &Call) -> Option<String> {
    let own = call.own_origin();
    public_base().await.or_else(|| is_loopback(&own).then_some(own))
}

/// The same where there is no caller.
pub async fn public_base() -> Option<String> {
    let public = host::variable("public_url").await;
    let public = public.trim_end_matches('/');
    (!public.is_empty()).then(|| public.to_owned())
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
