//! Whether a finding names an object, in its place or its sentence.

use reconcile::Finding;

pub fn names(key: &str, finding: &Finding) -> bool {
    let parts: Vec<&str> = key.split('/').collect();
    let Finding { place, sentence, .. } = finding;
    let is_place = |wanted: &str| place == wanted;
    // What can't be read is named by its key.
    if is_place(key) || sentence.contains(&format!(" {key} ")) {
        return true;
    }
    let title = |scope: &str, owner: &str, window: &str| {
        format!("{} {owner}, {window}", scope.strip_suffix("-day").unwrap_or(scope))
    };
    match parts.as_slice() {
        ["entry", n] => is_place(&format!("log, number {n}")),
        ["entry-of", id] => is_place(&format!("entry of {id}")) && sentence.contains("index"),
        ["personal", n] => is_place(&format!("personal data of entry {n}")),
        ["tile", level, index, width] => {
            let [level, index, width] = [level, index, width].map(|number| number.parse::<u64>().unwrap());
            let id = tlog::TileId { level: level as u8, index, width: width as u16 };
            is_place(&id.to_string()) && sentence.contains(&id.to_string())
        }
        ["checkpoint", n] => is_place(&format!("checkpoint {n}")) || sentence.contains(&format!("heckpoint {n} ")),
        ["tally", scope, owner, window, _] => is_place(&format!("list of {}", title(scope, owner, window))),
        ["totals", scope, owner, window] => is_place(&format!("sums of {}", title(scope, owner, window))),
        ["tenant-entry", tenant, _] => is_place(&format!("list of tenant {tenant}'s entries")),
        ["tenant-entries", tenant] => is_place(&format!("count of tenant {tenant}'s entries")),
        ["sequencer", _] => is_place("sequencer's state"),
        ["sequencer-ticket"] => is_place("sequencer-ticket"),
        ["permit", id] => is_place(&format!("permit {id}")) && sentence.contains(id),
        ["spend" | "units" | "open", ..] => reconcile::place_of(key).is_some_and(|wanted| is_place(&wanted)),
        ["staged-at", _] => false,
        _ => panic!("nobody says how {key} is named"),
    }
}
