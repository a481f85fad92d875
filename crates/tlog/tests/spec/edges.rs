//! A growing edge is always the same as one computed anew, and fills the tiles that the log has to serve.

use crate::memory::{Memory, leaves};
use tlog::{Edge, Hash, TileId, TreeError, full_tiles, partials, root, tree_root};

const SIZES: [u64; 18] =
    [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 65_279, 65_280, 65_535, 65_536, 65_537, 65_792, 65_793, 70_000];

#[test]
fn growth_equals_recomputation() {
    let leaves = leaves(70_000);
    let whole = Memory::new(&leaves);
    let (mut edge, mut filled) = (Edge::default(), Vec::new());
    for size in 0..=70_000u64 {
        if size > 0 {
            filled.extend(edge.push(leaves[size as usize - 1]));
        }
        assert_eq!(edge.size(), size);
        if size > 600 && !SIZES.contains(&size) && size % 4999 != 0 {
            continue;
        }
        let now = &leaves[..size as usize];
        assert_eq!(edge.root(), root(now), "root at {size}");
        let partial = edge.partials();
        assert_eq!(partial.iter().map(|(id, _)| *id).collect::<Vec<_>>(), partials(size), "partial tiles at {size}");
        let mut log = Memory::new(now);
        for (id, hashes) in partial {
            assert_eq!(hashes, log.hashes(id), "{id} at {size}");
            assert_eq!(edge.tile(id), Some(hashes.as_slice()));
        }
        let loaded = Edge::load(size, |id| tlog::Tiles::tile(&mut log, id)).unwrap();
        assert_eq!(loaded, edge, "loaded at {size}");
        assert_eq!(tree_root(log.anew(), size).unwrap(), edge.root());
    }
    check_filled(&filled, &whole);
}

/// Each full tile came exactly once, in order within its level, with the right hashes.
fn check_filled(filled: &[(TileId, Vec<Hash>)], whole: &Memory) {
    for level in 0..3u8 {
        let of_level: Vec<_> = filled.iter().filter(|(id, _)| id.level == level).collect();
        assert_eq!(of_level.len() as u64, full_tiles(70_000, level), "level {level}");
        for (index, (id, hashes)) in of_level.into_iter().enumerate() {
            assert_eq!(*id, TileId { level, index: index as u64, width: 256 });
            assert_eq!(*hashes, whole.hashes(*id), "{id}");
        }
    }
    let at_65_536: Vec<_> = filled.iter().map(|(id, _)| id.to_string()).skip(255).take(2).collect();
    assert_eq!(at_65_536, ["tile/0/255", "tile/1/000"], "bottom first");
}

/// An edge loaded in the middle grows into the same log.
#[test]
fn a_loaded_edge_grows_on() {
    let leaves = leaves(66_000);
    for start in [0u64, 1, 255, 256, 65_000, 65_535, 65_536] {
        let mut log = Memory::new(&leaves[..start as usize]);
        let mut edge = Edge::load(start, |id| tlog::Tiles::tile(&mut log, id)).unwrap();
        for leaf in &leaves[start as usize..] {
            edge.push(*leaf);
        }
        assert_eq!(edge.root(), root(&leaves), "from {start}");
    }
}

#[test]
fn a_tile_may_be_wider_than_asked_but_not_narrower() {
    let leaves = leaves(300);
    let whole = Memory::new(&leaves);
    let wide = |id: TileId| Ok::<_, ()>(whole.hashes(TileId::in_tree(id.level, id.index, 300).unwrap()));
    assert_eq!(Edge::load(270, wide).unwrap().root(), root(&leaves[..270]));

    let id = TileId { level: 0, index: 1, width: 44 };
    let narrow = |id: TileId| Ok::<_, ()>(whole.hashes(TileId { width: id.width.min(43), ..id }));
    assert_eq!(Edge::load(300, narrow), Err(TreeError::Narrow { id, got: 43 }));
    assert_eq!(Edge::load(300, |_| Err("gone")), Err(TreeError::Read("gone")));
}

#[test]
fn an_edge_serves_its_own_tiles_only() {
    let mut edge = Edge::default();
    leaves(300).into_iter().for_each(|leaf| drop(edge.push(leaf)));
    let rows = [
        ("tile/0/001.p/44", Some(44)),
        ("tile/0/001.p/1", Some(1)),
        ("tile/0/001.p/45", None),
        ("tile/0/001", None),
        ("tile/0/000", None),
        ("tile/0/000.p/44", None),
        ("tile/0/002.p/1", None),
        ("tile/1/000.p/1", Some(1)),
        ("tile/2/000.p/1", None),
        ("tile/63/000.p/1", None),
    ];
    for (path, width) in rows {
        assert_eq!(edge.tile(path.parse().unwrap()).map(<[Hash]>::len), width, "{path}");
    }
}
