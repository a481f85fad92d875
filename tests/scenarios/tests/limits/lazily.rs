//! LIM-6, OPS-6: where nobody runs the maintenance, a denial itself looks for what stands in the way for no reason.

use std::thread::sleep;
use std::time::Duration;

use scenarios::amounts::SECOND;
use scenarios::tenant::{chat, merge, permit_path, seconds};
use scenarios::{Answer, Books, Caller, Gate, Mocks, Tenant, json};

fn reserve(caller: &Caller) -> Answer {
    let mut body = seconds(5);
    merge(&mut body, json!({"hold_s": 1}));
    caller.post("/v1/preflight", &body)
}

fn tenant(gate: &Gate) -> Tenant {
    Tenant::at(gate, Mocks::shared(), json!({"limits": {"burst": 1}}))
}

/// A permit's second is over, and nobody frees its place. Nobody is denied before: a denial looks once in a while only.
#[track_caller]
fn let_it_expire(server: &Caller) {
    sleep(Duration::from_millis(1_500));
    assert_eq!(Books(server).usage().open, 1, "there is no maintenance");
}

#[test]
fn lim_6_what_a_page_left_behind_is_freed_by_the_next_check() {
    let gate = Gate::start_without_maintenance();
    let tenant = tenant(&gate);
    let server = tenant.server();
    let id = reserve(&tenant.page().caller).limit_check_id();
    let_it_expire(&server);
    // A page can't have used anything: its place and its money are free.
    reserve(&server).expect(200);
    assert_eq!(Books(&server).money().settled, 0);
    server.delete(&permit_path(&id)).expect(204);
}

#[test]
fn lim_6_what_a_server_left_behind_is_charged_by_the_next_call() {
    let gate = Gate::start_without_maintenance();
    let tenant = tenant(&gate);
    let server = tenant.server();
    let id = reserve(&server).limit_check_id();
    let_it_expire(&server);
    server.post("/v1/chat/completions", &chat("Hello")).expect(200);
    assert_eq!(Books(&server).cost(&id), 5 * SECOND, "in full, since it may have called its vendor");
}
