//! Documents that keep up with the tree: the map names what is there, and links lead somewhere.

use super::Finding;
use super::tree::Tree;

const MAP: &str = "ARCHITECTURE.md";

pub fn architecture(tree: &Tree) -> Vec<Finding> {
    let Some(map) = tree.text(MAP) else {
        return vec![Finding::error(
            MAP,
            None,
            "is missing; write the bird's eye view, the code map and the invariants",
        )];
    };
    let folders = tree.folders("").into_iter().filter(|folder| !folder.starts_with('.'));
    let folders = folders
        .filter(|folder| !map.contains(&format!("{folder}/")))
        .map(|folder| format!("does not name the folder `{folder}/`"));
    let components = tree.folders("components").into_iter();
    let components =
        components.filter(|name| !map.contains(name)).map(|name| format!("does not name the component `{name}`"));
    folders.chain(components).map(|message| Finding::error(MAP, None, message)).collect()
}

pub fn links(tree: &Tree) -> Vec<Finding> {
    let documents = tree.files().filter(|(path, _)| path.ends_with(".md"));
    let dead = documents.flat_map(|(path, text)| {
        let links = targets(text).into_iter().filter(|(_, target)| !resolves(tree, path, target));
        links
            .map(|(line, target)| Finding::error(path, line, format!("`{target}` is not in the repository")))
            .collect::<Vec<_>>()
    });
    dead.collect()
}

/// The targets of `[text](target)` and `[label]: target`, with their lines; code is passed over.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
        } else if !fenced {
            // Odd pieces between backticks are code.
            let prose = line.split('`').step_by(2).flat_map(|piece| piece.split("](").skip(1));
            found.extend(prose.map(|rest| (index + 1, first_word(rest.split(')').next().unwrap_or_default()))));
            if let Some((_, target)) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
                found.push((index + 1, first_word(target)));
            }
        }
    }
    found
}

/// Without the title that may follow: `file.md "Title"`.
fn first_word(target: &str) -> &str {
    target.split_whitespace().next().unwrap_or_default().trim_matches(['<', '>'])
}

fn resolves(tree: &Tree, document: &str, target: &str) -> bool {
    let path = target.split(['#', '?']).next().unwrap_or_default();
    // `https:`, `mailto:`; an anchor in the same document; a route of the running gate has no file.
    let is_elsewhere = target.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    is_elsewhere || path.is_empty() || absolute(document, path).is_some_and(|path| tree.has(&path))
}

/// `path` as seen from the folder of `document`; nothing when it leaves the repository.
fn absolute(document: &str, path: &str) -> Option<String> {
    let from_root = path.starts_with('/');
    let mut parts: Vec<&str> = if from_root { Vec::new() } else { document.split('/').collect() };
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn the_map_names_everything() {
        let tree = [("components/pre-flight/src/lib.rs", ""), ("host/src/main.rs", ""), (".ci/run", "")];
        let with = |map| [&[("ARCHITECTURE.md", map)][..], &tree].concat();
        check(architecture, &tree, &[("ARCHITECTURE.md", 0)]);
        check(architecture, &with("`components/`: pre-flight"), &[("ARCHITECTURE.md", 0)]);
        check(architecture, &with("`components/` `host/`"), &[("ARCHITECTURE.md", 0)]);
        check(architecture, &with("`components/`: pre-flight, `host/`"), &[]);
    }

    #[test]
    fn links_resolve() {
        let tree = [("docs/limits.md", ""), ("host/src/main.rs", ""), ("logo.png", "")];
        let bad = [
            "see [x](docs/missing.md)",
            "[a](docs/limits.md) and [b](no.md)",
            "[`main`](host/src/other.rs)",
            "[up](../README.md)",
            "[label]: docs/missing.md",
            "![logo](logo.svg \"Logo\")",
            "`code` then [x](no.md) then `code`",
        ];
        for line in bad {
            check(links, &[&tree[..], &[("README.md", line)]].concat(), &[("README.md", 1)]);
        }
        let good = [
            "[x](docs/limits.md#caps) [y](docs) [z](./host/src/main.rs) [w](/logo.png)",
            "[web](https://example.org/a) [mail](mailto:a@b.c) [here](#there)",
            "```\n[x](no.md)\n```",
            "write `[x](no.md)` so",
            "![logo](logo.png \"Logo\")",
            "[label]: docs/limits.md \"Title\"",
            "an array [0](",
        ];
        for line in good {
            check(links, &[&tree[..], &[("README.md", line)]].concat(), &[]);
        }
        check(links, &[&tree[..], &[("docs/a.md", "[x](limits.md) [y](../host/src/main.rs)")]].concat(), &[]);
    }
}
