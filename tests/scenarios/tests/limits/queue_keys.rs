//! LIM-4, LIM-6: an `Idempotency-Key` names one permit, also when its first call waited, or hung up while it waited.

use std::io::Write;
use std::thread::{self, sleep};
use std::time::Duration;

use scenarios::raw::connect;
use scenarios::tenant::seconds;
use scenarios::{Answer, Books, Caller, eventually, unique};

use crate::machine;
use crate::queueing::{gate, leave, raw_check, take, tenant};

fn ask(server: &Caller, key: &str) -> Answer {
    server.call("POST", "/v1/preflight").header("idempotency-key", key).json(&seconds(1)).send()
}

#[track_caller]
fn assert_one_permit(server: &Caller, key: &str) {
    let first = ask(server, key);
    let id = first.expect(200)["limit_check_id"].clone();
    assert_eq!(ask(server, key).expect(200)["limit_check_id"], id, "a repeat is given the same permit");
    assert_eq!(Books(server).usage().open, 1, "there is one");
    leave(server, id.as_str().expect("a permit"));
    assert_eq!(ask(server, key).expect(200)["limit_check_id"], id, "and makes no other, whatever became of it");
    assert_eq!(Books(server).usage().open, 0);
}

#[test]
fn lim_6_a_key_that_waited_names_one_permit() {
    let _machine = machine();
    let tenant = tenant(1, 10_000);
    let (server, key) = (tenant.server(), unique("key-"));
    let place = take(&server);
    thread::scope(|scope| {
        let first = scope.spawn(|| ask(&server, &key));
        sleep(Duration::from_millis(300));
        // Its own repeat, while it still waits: either is given the permit, or told that it is under way.
        let repeat = scope.spawn(|| ask(&server, &key));
        sleep(Duration::from_millis(300));
        leave(&server, &place);
        let answers = [first, repeat].map(|caller| caller.join().expect("a caller failed"));
        let ids: Vec<_> =
            answers.iter().filter(|a| a.status == 200).map(|a| a.json()["limit_check_id"].clone()).collect();
        assert!(!ids.is_empty() && ids.iter().all(|id| *id == ids[0]), "{answers:?}");
        answers.iter().filter(|answer| answer.status != 200).for_each(|other| drop(other.refused(409, "conflict")));
    });
    assert_one_permit(&server, &key);
}

#[test]
fn lim_6_a_key_whose_caller_hung_up_while_waiting_names_one_permit() {
    let _machine = machine();
    let tenant = tenant(1, 10_000);
    let (server, key) = (tenant.server(), unique("key-"));
    let place = take(&server);
    let request = raw_check(&tenant, &format!("idempotency-key: {key}\r\n"), &seconds(1));
    let mut connection = connect(&gate().url);
    connection.write_all(request.as_bytes()).expect("it is sent");
    sleep(Duration::from_millis(400));
    drop(connection);
    sleep(Duration::from_millis(200));
    leave(&server, &place);
    // Its turn comes with nobody there; the permit is kept for whoever comes again with the key.
    eventually("the permit of the one who hung up", Duration::from_secs(5), || {
        (Books(&server).usage().open == 1).then_some(())
    });
    assert_one_permit(&server, &key);
}

#[test]
fn lim_6_a_key_that_waited_in_vain_stays_denied() {
    let _machine = machine();
    let tenant = tenant(1, 400);
    let (server, key) = (tenant.server(), unique("key-"));
    let place = take(&server);
    ask(&server, &key).refused(429, "burst");
    leave(&server, &place);
    ask(&server, &key).refused(429, "burst");
    assert_eq!(Books(&server).usage().open, 0, "a denied key stays denied");
    ask(&server, &unique("key-")).expect(200);
}
