//! Where a tenant's key may go: the hosts that a binding takes and that the manifest lets out.

use std::fs;

use crate::repository;

/// The hosts of `spin.toml` that a binding of this vendor may name.
pub fn of(vendor: &str) -> Vec<String> {
    granted().into_iter().filter(|host| is_own(vendor, host)).map(|host| host.replace("https://", "")).collect()
}

fn is_own(vendor: &str, host: &str) -> bool {
    // A `*` stands for the tenant's own part.
    let binding = serde_json::json!({ "base_url": host.replace('*', "tenant") });
    tenancy::parse_binding(vendor, tenancy::NO_DEV_HOSTS, &binding).is_ok()
}

fn granted() -> Vec<String> {
    let manifest: toml::Table = fs::read_to_string(repository().join("spin.toml")).unwrap().parse().unwrap();
    let hosts = manifest["component"]["provider-proxy"]["allowed_outbound_hosts"].as_array().unwrap();
    hosts.iter().filter_map(|host| host.as_str()).filter(|host| host.starts_with("https://")).map(Into::into).collect()
}

#[test]
fn every_vendor_with_an_address_may_be_reached_there() {
    for profile in crate::all().iter().map(|adapter| adapter.profile()) {
        let hosts = of(profile.vendor);
        assert!(!hosts.is_empty(), "{} is granted no host", profile.vendor);
        let host = profile.base_url.trim_start_matches("https://").split('/').next().unwrap_or_default();
        assert!(host.is_empty() || hosts.iter().any(|granted| granted == host), "{}: {host}", profile.vendor);
    }
}
