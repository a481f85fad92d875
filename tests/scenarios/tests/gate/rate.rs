//! SES-7: requests of a secret key per minute, 60 with a burst of 10 unless the tenant's limits say otherwise.

use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use scenarios::tenant::seconds;
use scenarios::{Books, Gate, Tenant, Value, json};

/// Waits until a window of ten seconds is young, so that a burst doesn't straddle two of them.
fn await_young_window() {
    let into = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() % 10_000;
    if into > 4_000 {
        sleep(Duration::from_millis((10_050 - into) as u64));
    }
}

/// How many of `requests` in a row pass, after a check of how the others were refused.
#[track_caller]
fn passed(tenant: &Tenant, requests: usize) -> usize {
    let server = tenant.server();
    let mut passed = 0;
    for _ in 0..requests {
        let answer = server.post("/v1/preflight", &seconds(1));
        if answer.status == 200 {
            passed += 1;
        } else {
            answer.refused(429, "rate_limited");
            let retry: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&retry), "{retry}");
        }
    }
    passed
}

fn tenant(limits: Value) -> Tenant {
    let mut all = json!({"requests_per_minute": null, "request_burst": null});
    scenarios::tenant::merge(&mut all, limits);
    Tenant::new(Gate::shared(), json!({"limits": all}))
}

#[test]
fn ses_7_the_eleventh_request_at_once_is_refused() {
    let (fresh, other) = (tenant(json!({})), tenant(json!({})));
    await_young_window();
    assert_eq!(passed(&fresh, 14), 10);
    // Each key has its own; a refused request has taken nothing.
    assert_eq!(passed(&other, 3), 3);
    assert_eq!(Books(&fresh.server()).money().held, 10_000_000);
}

#[test]
fn ses_7_the_tenants_own_limits_go_first() {
    let tight = tenant(json!({"requests_per_minute": 6, "request_burst": 1}));
    await_young_window();
    assert_eq!(passed(&tight, 3), 1);
    let wide = tenant(json!({"requests_per_minute": 600, "request_burst": 100}));
    assert_eq!(passed(&wide, 60), 60);
}
