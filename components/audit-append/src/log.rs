//! `/v1/audit/log/...`: the tree itself, as checkpoints, tiles and bundles of leaves (C2SP tlog-tiles).
//!
//! A leaf is a salted digest, so the tree shows how many entries there are and when they came, and nothing of what they
//! say. Every file but the checkpoint and the key never changes: caches may keep it for good.

use audit::{bundle, checkpoint, tile};
use calendar::Millis;
use kv_schemas::Store;
use shell::{Call, Problem, Reply, offline};
use tlog::{BundleId, Checkpoint, TileId, empty_root, encode_tile};

use crate::{
    caller::Caller,
    settings::{Access, Settings, unusable},
    signer::signer,
};

/// What all of it lies under.
const FOLDER: &str = "/v1/audit/log/";
const TEXT: &str = "text/plain; charset=utf-8";

/// One file of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum File {
    Checkpoint,
    Key,
    Tile(TileId),
    Bundle(BundleId),
}

impl File {
    /// The file at a path as it was sent. There is one spelling for each; every other is no file.
    fn at(path: &str) -> Option<Self> {
        match path.strip_prefix(FOLDER)? {
            "checkpoint" => Some(Self::Checkpoint),
            "key" => Some(Self::Key),
            path if path.starts_with("tile/entries/") => path.parse().ok().map(Self::Bundle),
            path => path.parse().ok().map(Self::Tile),
        }
    }
}

/// Answers a request for one of the files.
///
/// # Errors
/// No such file, or not for this caller.
pub fn read(call: &Call, store: &dyn Store, settings: &Settings, now: Millis) -> Result<Reply, Problem> {
    let file = File::at(&call.path).ok_or_else(absent)?;
    let access = settings.access()?;
    if access == Access::Keys {
        // Every tenant's server may: it checks the tree that its own entries are in.
        Caller::of(call, store, &settings.admin_key, now)?;
    }
    let reply = match file {
        File::Checkpoint => text(newest(store, settings)?),
        File::Key => text(format!("{}\n", signer(settings).map_err(unusable)?.verifier())),
        File::Tile(id) => {
            let hashes = tile(store, id).map_err(|error| offline(&error))?.ok_or_else(absent)?;
            for_good(access, encode_tile(&hashes))
        }
        File::Bundle(id) => for_good(access, bundle(store, id).map_err(|error| offline(&error))?.ok_or_else(absent)?),
    };
    Ok(match access {
        Access::Keys => reply,
        // No credential is asked for, so there is none that another page could use.
        Access::Public => reply.with("access-control-allow-origin", "*"),
    })
}

/// The newest checkpoint; of a log in which nothing is yet, a signed empty one.
fn newest(store: &dyn Store, settings: &Settings) -> Result<String, Problem> {
    let signer = signer(settings).map_err(unusable)?;
    Ok(match checkpoint(store).map_err(|error| offline(&error))? {
        Some(note) => note,
        // Nothing is written: what the first run signs follows from it whatever it is.
        None => Checkpoint { origin: signer.name().to_owned(), size: 0, root: empty_root() }.sign(&signer),
    })
}

fn text(text: String) -> Reply {
    Reply::bytes(200, TEXT, text).with("cache-control", "no-cache")
}

fn for_good(access: Access, bytes: Vec<u8>) -> Reply {
    let shared = match access {
        Access::Keys => "private",
        Access::Public => "public",
    };
    let caching = format!("{shared}, max-age=31536000, immutable");
    Reply::bytes(200, "application/octet-stream", bytes).with("cache-control", &caching)
}

fn absent() -> Problem {
    Problem::not_found("The log has no such file.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_spelling() {
        let tile = |level, index, width| Some(File::Tile(TileId { level, index, width }));
        let bundle = |index, width| Some(File::Bundle(BundleId { index, width }));
        let check = |path: &str, file: Option<File>| assert_eq!(File::at(&format!("{FOLDER}{path}")), file, "{path}");
        check("checkpoint", Some(File::Checkpoint));
        check("key", Some(File::Key));
        check("tile/0/000", tile(0, 0, 256));
        check("tile/0/x001/067.p/5", tile(0, 1067, 5));
        check("tile/2/x001/x234/067", tile(2, 1_234_067, 256));
        check("tile/entries/000.p/255", bundle(0, 255));
        check("tile/entries/x001/000", bundle(1000, 256));
        for path in [
            "",
            "checkpoint/",
            "/checkpoint",
            "Checkpoint",
            "key/",
            "keys",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/000/",
            "tile/0//000",
            "tile//0/000",
            "tile/00/000",
            "tile/-1/000",
            "tile/64/000",
            "tile/0/x000/001",
            "tile/0/x001",
            "tile/0/x001/x067",
            "tile/0/001/067",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/05",
            "tile/0/000.p/+5",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/000.p5",
            "tile/0/000.p/5/",
            "tile/0/000.p/5.p/5",
            "tile/0/00a",
            "tile/0/%30%30%30",
            "tile%2F0%2F000",
            "tile/entries",
            "tile/entries/",
            "tile/entries/0",
            "tile/entries/0/000",
            "tile/entries/000.p/256",
            "tile/data/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/0/../0/000",
            "tile/0/000?",
            "tile/0/000 ",
        ] {
            check(path, None);
        }
        assert_eq!(File::at("//v1/audit/log/checkpoint"), None);
    }
}
