//! From its start to its end: asked for or not, once for an idempotency key, and its owner's alone.

use scenarios::{Answer, Books, Mocks, Value, eventually, json, unique};

use super::{JOBS, LIMIT, PERMIT, VENDORS, body, create, facts, finished, path, tenant};
use crate::house::{self, settled};

#[track_caller]
fn runs_to_its_end(vendor: &'static str) {
    let (place, reserved, units, cost, unit) = facts(vendor);
    let tenant = tenant(vendor);
    let (page, server) = (tenant.page(), tenant.server());
    let books = Books(&server);
    let job = create(&page.caller, &body(vendor, ""));
    assert_eq!(books.money().held, reserved, "{vendor}: the most it can cost is held");
    let done = finished(&page.caller, &job);
    assert_eq!(done["status"], "done", "{done}");
    let urls = done["result"]["urls"].as_array().unwrap_or_else(|| panic!("no urls in {done}"));
    assert!(!urls.is_empty() && urls.iter().all(|url| url.as_str().is_some_and(|url| url.starts_with("http"))));
    assert!(done["ended_at"].is_string() && done["error"].is_null(), "{done}");
    assert_eq!(settled(&server), cost, "{vendor}");
    let entry = books.entry(job[PERMIT].as_str().unwrap());
    let logged = (&entry["provider"], &entry["unit_type"], &entry["units_consumed"]);
    assert_eq!(logged, (&json!(vendor), &json!(unit), &json!(units)), "{entry}");
    assert_eq!(entry["capability"], "jobs", "{entry}");
    let posts = Mocks::shared().calls_of(&tenant).into_iter().filter(|call| call["method"] == "POST");
    let posts: Vec<Value> = posts.map(|call| call["path"].clone()).collect();
    assert!(posts.len() == 1 && posts[0].as_str().is_some_and(|path| path.ends_with(place)), "{posts:?}");
    // It stays as it is, and nobody is asked any more.
    let before = Mocks::shared().calls_of(&tenant).len();
    assert_eq!(page.caller.get(&path(&job)).expect(200), done);
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), before);
}

#[test]
fn prx_2_a_job_at_kie_runs_to_its_end() {
    runs_to_its_end("kie");
}

#[test]
fn prx_2_a_job_at_shotstack_runs_to_its_end() {
    runs_to_its_end("shotstack");
}

#[test]
fn prx_2_a_job_at_upload_post_runs_to_its_end() {
    runs_to_its_end("upload-post");
}

#[test]
fn prx_2_a_job_that_comes_to_nothing_costs_nothing() {
    let begun = VENDORS.map(|vendor| {
        let tenant = tenant(vendor);
        let job = create(&tenant.server(), &body(vendor, "[[fail]] [[after:300]]"));
        (vendor, tenant, job)
    });
    for (vendor, tenant, job) in begun {
        let server = tenant.server();
        let failed = finished(&server, &job);
        assert_eq!(failed["status"], "failed", "{vendor}: {failed}");
        for field in ["code", "message"] {
            assert!(failed["error"][field].as_str().is_some_and(|text| !text.is_empty()), "{vendor}: {failed}");
        }
        assert!(failed["result"].is_null(), "{failed}");
        assert_eq!(settled(&server), 0, "{vendor}");
    }
}

#[test]
fn prx_2_the_slow_poll_finishes_what_nobody_asks_for() {
    let begun = VENDORS.map(|vendor| {
        let tenant = tenant(vendor);
        let job = create(&tenant.page().caller, &body(vendor, ""));
        (vendor, tenant, job)
    });
    for (vendor, tenant, job) in begun {
        let server = tenant.server();
        let permit = job[PERMIT].as_str().unwrap();
        let entries = format!("/v1/audit/entries/{permit}");
        eventually(&format!("the entry of {vendor}'s job"), LIMIT, || {
            (server.get(&entries).status == 200).then_some(())
        });
        assert_eq!(settled(&server), facts(vendor).3, "{vendor}");
        assert_eq!(server.get(&path(&job)).expect(200)["status"], "done", "{vendor}");
    }
}

#[test]
fn prx_2_an_idempotency_key_begins_one_job() {
    for vendor in VENDORS {
        let tenant = tenant(vendor);
        let (page, key) = (tenant.page(), unique("k-"));
        let post = |body: &Value| page.caller.call("POST", JOBS).header("idempotency-key", &key).json(body).send();
        let wanted = body(vendor, "[[after:300]]");
        let first = post(&wanted);
        let again = post(&wanted);
        assert_eq!((first.expect(202), again.expect(202)), (again.json(), first.json()), "{vendor}");
        assert_eq!(again.limit_check_id(), first.limit_check_id(), "{vendor}");
        post(&body(vendor, "[[after:301]]")).refused(409, "conflict");
        let posts = Mocks::shared().calls_of(&tenant).iter().filter(|call| call["method"] == "POST").count();
        assert_eq!(posts, 1, "{vendor}");
        finished(&page.caller, &first.json());
        assert_eq!(settled(&tenant.server()), facts(vendor).3, "{vendor}");
    }
}

#[test]
fn prx_2_of_many_at_once_with_one_key_one_begins() {
    let tenant = tenant("kie");
    let (page, key) = (tenant.page(), unique("k-"));
    let wanted = body("kie", "[[delay:300]]");
    let answers: Vec<Answer> = scenarios::wait::at_once(8, |_| {
        page.caller.call("POST", JOBS).header("idempotency-key", &key).json(&wanted).send()
    });
    assert!(answers.iter().all(|answer| matches!(answer.status, 202 | 409)), "{answers:?}");
    assert!(answers.iter().any(|answer| answer.status == 202), "{answers:?}");
    let is_start = |call: &&Value| call["method"] == "POST";
    assert_eq!(Mocks::shared().calls_of(&tenant).iter().filter(is_start).count(), 1);
}

#[test]
fn prx_2_a_job_is_its_owners_alone() {
    let (tenant, stranger) = (tenant("kie"), super::tenant("kie"));
    let (page, other) = (tenant.page(), tenant.page());
    let job = create(&page.caller, &body("kie", ""));
    for caller in [&other.caller, &stranger.page().caller, &stranger.server()] {
        caller.get(&path(&job)).refused(404, "not_found");
    }
    house::gate().stranger().get(&path(&job)).refused(401, "unauthenticated");
    page.caller.get(&path(&job)).expect(200);
    tenant.server().get(&path(&job)).expect(200);
    page.caller.get("/v1/jobs/job_nobody").refused(404, "not_found");
    // A server's job is not a page's.
    let servers = create(&tenant.server(), &body("kie", ""));
    page.caller.get(&path(&servers)).refused(404, "not_found");
    finished(&tenant.server(), &servers);
}
