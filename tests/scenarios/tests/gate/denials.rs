//! OPS-1: denials are counted by their reason, exactly, over all nodes.

use scenarios::amounts::SECOND;
use scenarios::tenant::{permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Gate, Nodes, Tenant, json, usd};

use super::metrics::{metrics, value};

fn denied(gate: &Gate, reason: &str) -> u64 {
    value(gate, &format!("tollgate_denials_total{{reason=\"{reason}\"}}")).parse().expect("a number")
}

#[test]
fn ops_1_denials_are_counted_by_their_reason_at_all_nodes() {
    let nodes = Nodes::start(2);
    let gates = &nodes.gates;
    let capped = Tenant::new(&gates[0], json!({"limits": {"monthly_cost_usd": usd(SECOND)}}));
    let daily = Tenant::new(&gates[0], json!({"limits": {"daily_units": {"seconds": 5}}}));
    let narrow = Tenant::new(&gates[0], json!({"limits": {"burst": 1}}));
    let rated = Tenant::new(&gates[0], json!({"limits": {"requests_per_minute": 1, "request_burst": 1}}));
    let ask = |tenant: &Tenant| {
        let servers = nodes.servers(tenant);
        at_once(10, |n| servers[n % 2].post("/v1/preflight", &seconds(10)))
    };
    for answer in ask(&capped).iter().chain(&ask(&daily)) {
        answer.refused(402, "hard_cap");
    }
    let refused = |tenant: &Tenant, kind: &str| {
        let answers = ask(tenant);
        let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
        refused.iter().for_each(|answer| drop(answer.refused(429, kind)));
        // Its place is free again for whoever comes next.
        for answer in answers.iter().filter(|answer| answer.status == 200) {
            let id = answer.json()["limit_check_id"].as_str().expect("an id").to_owned();
            nodes.servers(tenant)[0].delete(&permit_path(&id)).expect(204);
        }
        refused.len() as u64
    };
    let (bursts, limited) = (refused(&narrow, "burst"), refused(&rated, "rate_limited"));
    assert!(bursts > 0 && limited > 0);
    nodes.servers(&capped)[1]
        .post(
            "/v1/preflight",
            &json!({"capability": "video", "provider": "nobody",
        "estimate": {"units": 1, "unit_type": "seconds"}}),
        )
        .refused(400, "invalid_request");
    for gate in gates {
        assert_eq!(denied(gate, "monthly_cap"), 10);
        assert_eq!(denied(gate, "daily_seconds"), 10);
        assert_eq!(denied(gate, "burst"), bursts);
        assert_eq!(denied(gate, "requests_per_minute"), limited);
        assert_eq!(denied(gate, "unpriced"), 1);
        assert_eq!(value(gate, "api_rate_limited_requests_total{limiter=\"burst\"}"), bursts.to_string());
    }
    // Both nodes say the same, all in all.
    let counters = |gate: &Gate| {
        let mut all = metrics(gate);
        all.retain(|name, _| name.contains("_total"));
        all
    };
    assert_eq!(counters(&gates[0]), counters(&gates[1]));
}
