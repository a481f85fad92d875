//! PRX-2, ADP-4: jobs at media vendors: started under a permit, done when the vendor says so, settled for what the
//! vendor's numbers say, and never held for ever.

mod callbacks;
mod crashes;
mod refusals;
mod runs;
mod uploads;

use std::thread;
use std::time::Duration;

use scenarios::{Caller, Mocks, Tenant, Value, eventually, json};

use crate::house::{self, KIE_CREDIT, SHOTSTACK_SECOND, UPLOAD};

const JOBS: &str = "/v1/jobs";
const VENDORS: [&str; 3] = ["kie", "shotstack", "upload-post"];
/// Long enough for the slow poll to have come by twice.
const LIMIT: Duration = Duration::from_secs(18);
const PERMIT: &str = "limit_check_id";

fn tenant(vendor: &'static str) -> Tenant {
    house::tenant(house::gate(), Mocks::shared(), vendor, json!({}), json!({}))
}

/// A good job, with `words` for the mock in its text.
fn body(vendor: &str, words: &str) -> Value {
    let (kind, input) = match vendor {
        "kie" => ("video", json!({"prompt": format!("A lighthouse in the fog {words}"), "aspect_ratio": "16:9"})),
        "shotstack" => {
            let clip = json!({"asset": {"type": "title", "text": format!("Hello {words}")}, "start": 0, "length": 5.5});
            let timeline = json!({"tracks": [{"clips": [clip]}]});
            ("render", json!({"timeline": timeline, "output": {"format": "mp4", "resolution": "sd"}}))
        }
        _ => {
            let video = "https://files.example/result.mp4";
            let title = format!("Hello {words}");
            (
                "publish_video",
                json!({"user": "anna", "platforms": ["tiktok", "youtube"], "title": title, "video": video}),
            )
        }
    };
    json!({"provider": vendor, "kind": kind, "input": input})
}

/// Where a job is handed over, what is reserved for it, what it really comes to (units and nano-USD), and their unit.
fn facts(vendor: &str) -> (&'static str, i64, u64, i64, &'static str) {
    match vendor {
        "kie" => ("/veo/generate", 60 * KIE_CREDIT, 60, 60 * KIE_CREDIT, "credits"),
        // Five and a half seconds are six; one more is reserved for the encoder's last frame.
        "shotstack" => ("/edit/v1/render", 7 * SHOTSTACK_SECOND, 6, 6 * SHOTSTACK_SECOND, "seconds"),
        _ => ("/api/upload", 2 * UPLOAD, 2, 2 * UPLOAD, "requests"),
    }
}

#[track_caller]
fn create(caller: &Caller, body: &Value) -> Value {
    let answer = caller.post(JOBS, body);
    let job = answer.expect(202);
    assert!(job["id"].as_str().is_some_and(|id| id.starts_with("job_")), "{job}");
    assert_eq!((&job["status"], &job["provider"]), (&json!("queued"), &body["provider"]), "{job}");
    assert_eq!(answer.header("location"), Some(path(&job).as_str()));
    assert_eq!(answer.limit_check_id(), job[PERMIT]);
    job
}

fn path(job: &Value) -> String {
    format!("{JOBS}/{}", job["id"].as_str().unwrap_or_else(|| panic!("no id in {job}")))
}

#[track_caller]
fn finished(caller: &Caller, job: &Value) -> Value {
    eventually("the job's end", LIMIT, || {
        let now = caller.get(&path(job)).expect(200);
        assert_eq!((&now["id"], &now[PERMIT]), (&job["id"], &job[PERMIT]), "{now}");
        match now["status"].as_str() {
            Some("done" | "failed") => Some(now),
            Some("queued" | "running") => {
                // Who asks often doesn't make the gate ask often.
                thread::sleep(Duration::from_millis(200));
                None
            }
            _ => panic!("what is that? {now}"),
        }
    })
}
