//! OPS-4: a drill makes the store look out of reach to everything that a gate runs, and its end brings all of it back.

mod common;

use std::time::{Duration, Instant};

use common::{Host, options};
use http::StatusCode;
use tempfile::TempDir;
use tokio::time::sleep;
use tollgate::serve;

/// Until a change of the file shows; and how long that may take.
async fn answers(host: &Host, path: &str, status: StatusCode) -> String {
    let since = Instant::now();
    loop {
        let (got, body) = host.get(path).await;
        if got == status {
            return body;
        }
        assert!(since.elapsed() < Duration::from_secs(10), "{path}: {got} {body}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_4_components_find_no_store_during_a_drill_and_all_of_it_afterwards() {
    let drills = TempDir::new().unwrap();
    let host = Host::with(|options| options.drills = Some(drills.path().into())).await;
    assert_eq!(host.ok("/guest/increment?n").await, "1");
    let file = drills.path().join("store-down");
    std::fs::write(&file, "").unwrap();
    answers(&host, "/guest/increment?seen", StatusCode::UNPROCESSABLE_ENTITY).await;
    // Both interfaces, in a component and in its dependency.
    for path in ["/guest/increment?n", "/guest/kv", "/guest/spin-kv", "/guest/dependency?n"] {
        let (status, body) = host.get(path).await;
        assert_ne!(status, StatusCode::OK, "{path}: {body}");
        assert!(body.contains("out of reach") && body.contains("drill"), "{path}: {body}");
    }
    assert_eq!(host.ok("/guest/hello").await, "hello", "what needs no store is served");
    std::fs::remove_file(&file).unwrap();
    answers(&host, "/guest/increment?seen", StatusCode::OK).await;
    assert_eq!(host.ok("/guest/increment?n").await, "2", "the store is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_4_a_folder_for_drills_that_is_not_there_is_said_at_the_start() {
    let folder = TempDir::new().unwrap();
    let mut options = options(&folder);
    options.drills = Some(folder.path().join("missing"));
    let error = serve(options).await.err().expect("no start").to_string();
    assert!(error.contains("--drills") && error.contains("missing"), "{error}");
}
