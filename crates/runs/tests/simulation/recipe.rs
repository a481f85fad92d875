//! Random recipes: what comes before what is random, and so is the order in which it is written down.

use serde_json::{Value as Json, json};

use crate::random::Random;

/// `n` steps whose ids begin with `prefix`; those in `known` may come before, too.
pub fn steps(random: &mut Random, prefix: &str, n: u64, known: &[String]) -> Json {
    let mut steps: Vec<Json> = Vec::new();
    let mut before: Vec<String> = known.to_vec();
    for i in 0..n {
        let id = format!("{prefix}{i}");
        let mut after: Vec<String> = Vec::new();
        for _ in 0..random.below(4) {
            if let Some(name) = random.pick(&before)
                && random.one_in(2)
            {
                after.push(name.clone());
            }
        }
        steps.push(if random.one_in(6) { gate(random, &id, &after) } else { job(random, &id, &after) });
        before.push(id);
    }
    // The order of the queue isn't that of the dependencies.
    for i in (1..steps.len()).rev() {
        steps.swap(i, random.below(i as u64 + 1) as usize);
    }
    Json::Array(steps)
}

fn gate(random: &mut Random, id: &str, after: &[String]) -> Json {
    json!({"id": id, "gate": {"title": "?", "expires_in_s": 60 + random.below(100_000)}, "after": after})
}

fn job(random: &mut Random, id: &str, after: &[String]) -> Json {
    let mut input = json!({"plain": 1, "n": {"$from": "/input/n"}});
    if let Some(name) = random.pick(after) {
        // What a job gives has an `x`, if it is no list of several, and if nothing went wrong.
        let deep = if random.one_in(8) { "/x" } else { "" };
        input["before"] = json!({"$from": format!("/steps/{name}/result{deep}")});
    }
    if random.one_in(40) {
        input["none"] = json!({"$from": "/input/none"});
    }
    let mut step = json!({"id": id, "kind": "k", "after": after, "optional": random.one_in(3), "input": input});
    if random.one_in(5) {
        step["each"] = json!(["/input/two", "/input/five", "/input/nothing"][random.below(3) as usize]);
        step["input"]["item"] = json!({"$from": "/item"});
    }
    step
}

pub fn input() -> Json {
    json!({"n": 7, "two": [1, null], "five": ["a", "b", "c", "d", "e"], "nothing": []})
}
