//! Months that are played, and what must hold of each.

use clap::Parser;
use money::Nanos;
use serde_json::Value;

use super::*;

#[derive(Parser)]
struct Given {
    #[command(flatten)]
    load: Load,
}

/// The month of a command line, as its JSON.
fn played(options: &str) -> Value {
    let prices = "--price input_tokens=0.000001 --price output_tokens=0.000002 --price seconds=0.001";
    let given = format!("load {prices} {options}");
    let Given { load } = Given::try_parse_from(given.split_whitespace()).unwrap();
    load.pattern.check().unwrap();
    let house = load.made_up().unwrap();
    let store = Slate::of(&house).unwrap();
    let book = play::play(&store, &house, &load.pattern).unwrap();
    assert!(store.len() < 20_000, "{options}: {} keys are left", store.len());
    assert!(book.text(&load.pattern).contains("visitors"));
    book.json(&load.pattern)
}

fn usd(value: &Value) -> i64 {
    Nanos::parse_usd(value.as_str().unwrap()).unwrap().0
}

fn turn<'a>(month: &'a Value, what: &str) -> Option<&'a Value> {
    month["turns"].as_array().unwrap().iter().find(|turn| turn["what"] == what)
}

fn refused(options: &str) -> String {
    let given = format!("load {options}");
    match Given::try_parse_from(given.split_whitespace()) {
        Err(error) => error.to_string(),
        Ok(Given { load }) => {
            let made = load.pattern.check().and_then(|()| load.made_up());
            made.err().map_or_else(|| panic!("{options}: it is played"), |error| format!("{error:#}"))
        }
    }
}

#[test]
fn lim_5_without_caps_nobody_is_refused_and_all_of_it_is_paid() {
    let month = played("--visitors-per-minute 2 --days 3");
    assert_eq!(month["turns"].as_array().map(Vec::len), Some(0), "{month}");
    assert_eq!(month["cost_usd"], month["without_caps_usd"]);
    // 2 a minute for 3 days, 3 calls each.
    let visitors = month["visitors"].as_u64().unwrap();
    assert!((8_300..9_000).contains(&visitors), "{visitors}");
    assert_eq!(month["calls"][0]["asked"], visitors * 3);
    // 800 sent and 300 back on average.
    let each = usd(&month["cost_usd"]) / i64::try_from(visitors * 3).unwrap();
    assert!((1_390_000..1_410_000).contains(&each), "{each}");
}

#[test]
fn lim_5_the_ladder_is_climbed_in_its_order_and_the_cap_is_kept() {
    let month =
        played("--visitors-per-minute 1 --days 4 --monthly 10.00 --throttle-at 0.5 --text-only-at 0.8 --video 10");
    let first = |what: &str| turn(&month, what).map(|turn| turn["first"].as_str().unwrap().to_owned()).unwrap();
    assert!(first("throttled") < first("text_only"), "{month}");
    assert!(first("text_only") < first("monthly_cap"), "{month}");
    // Near the cap chats end when the most that one may cost doesn't fit any more.
    let cost = usd(&month["cost_usd"]);
    assert!((9_900_000_000..=10_000_000_000).contains(&cost), "{cost}");
    assert!(usd(&month["without_caps_usd"]) > cost);
    let videos = month["calls"].as_array().unwrap().iter().find(|row| row["capability"] == "video").unwrap();
    assert!(videos["refused"].as_u64().unwrap() > 0, "{month}");
}

#[test]
fn lim_4_more_at_once_than_the_burst_are_refused_or_wait() {
    let refused = played("--visitors-per-minute 30 --days 1 --hours 9-10 --burst 4");
    assert!(turn(&refused, "burst").is_some() && refused["most_at_once"] == 4, "{refused}");
    let waiting = played("--visitors-per-minute 30 --days 1 --hours 9-10 --burst 8 --queue-wait-ms 20000");
    let few = played("--visitors-per-minute 30 --days 1 --hours 9-10 --burst 8");
    let times = |month: &Value| turn(month, "burst").map_or(0, |turn| turn["times"].as_u64().unwrap());
    assert!(
        times(&waiting) * 4 < times(&few),
        "{} of those who wait, {} of those who don't",
        times(&waiting),
        times(&few)
    );
}

#[test]
fn lim_8_caps_of_a_session_and_of_a_day_are_kept() {
    let month = played("--visitors-per-minute 1 --days 2 --chats 5 --session 0.005 --daily tokens=400000");
    assert!(turn(&month, "session_cap").is_some(), "{month}");
    let daily = turn(&month, "daily_tokens").unwrap();
    assert!(daily["first"].as_str().unwrap().starts_with("day 1"), "{month}");
    // Each day's tokens at the dearest price.
    assert!(usd(&month["cost_usd"]) <= 2 * 400_000 * 2_000, "{month}");
}

#[test]
fn lim_5_the_same_seed_gives_the_same_month() {
    let options = "--visitors-per-minute 3 --days 2 --monthly 3.00 --throttle-at 0.5 --video 5 --burst 3";
    assert_eq!(played(options), played(options));
    let other = played(&format!("{options} --seed 2"));
    assert_ne!(played(options)["visitors"], other["visitors"]);
}

#[test]
fn ops_4_what_can_not_be_played_says_why() {
    let price = "--price input_tokens=0.000001 --price output_tokens=0.000002";
    for (options, named) in [
        ("--days 1".to_owned(), "--price"),
        (format!("{price} --visitors-per-minute 1000"), "fewer --days"),
        (format!("{price} --visitors-per-minute 0"), "--visitors-per-minute"),
        (format!("{price} --visitors-per-minute NaN"), "--visitors-per-minute"),
        (format!("{price} --chats 0"), "--chats"),
        (format!("{price} --output-tokens 2000"), "--max-output-tokens"),
        (format!("{price} --monthly much"), "limits.monthly_cost_usd"),
        (format!("{price} --throttle-at 2"), "ladder"),
        (format!("{price} --hours 21-9"), "span of hours"),
        (format!("{price} --days 32"), "--days"),
        ("--price tokens=1".to_owned(), "no unit"),
        ("--price input_tokens=cheap".to_owned(), "no price"),
    ] {
        let said = refused(&options);
        assert!(said.contains(named), "{options}: {said}");
    }
}
