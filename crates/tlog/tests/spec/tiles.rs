//! Paths, widths and encodings of tiles and bundles.

use crate::memory::{Memory, leaves};
use tlog::{
    BundleError, BundleId, TileId, decode_bundle, decode_tile, encode_bundle, encode_tile, full_tiles, inclusion,
    partials,
};

#[test]
fn paths_round_trip() {
    let rows = [
        ((0, 0, 256), "tile/0/000"),
        ((0, 0, 1), "tile/0/000.p/1"),
        ((0, 999, 256), "tile/0/999"),
        ((1, 1000, 256), "tile/1/x001/000"),
        ((0, 1_234_067, 256), "tile/0/x001/x234/067"),
        ((0, 1_234_067, 255), "tile/0/x001/x234/067.p/255"),
        ((0, 1067, 5), "tile/0/x001/067.p/5"),
        ((2, 999_999, 256), "tile/2/x999/999"),
        ((2, 1_000_000, 256), "tile/2/x001/x000/000"),
        ((63, 0, 256), "tile/63/000"),
        ((0, u64::MAX, 256), "tile/0/x018/x446/x744/x073/x709/x551/615"),
    ];
    for ((level, index, width), path) in rows {
        let id = TileId { level, index, width };
        assert_eq!(id.to_string(), path);
        assert_eq!(path.parse(), Ok(id), "{path}");
    }
    for (index, width, path) in [(0, 256, "tile/entries/000"), (1_234_067, 7, "tile/entries/x001/x234/067.p/7")] {
        let id = BundleId { index, width };
        assert_eq!(id.to_string(), path);
        assert_eq!(path.parse(), Ok(id), "{path}");
    }
}

#[test]
fn other_spellings_are_refused() {
    let ends = [
        "",
        "0",
        "00",
        "0000",
        "x000",
        "x000/000",
        "x001/x000",
        "001/000",
        "x001/00",
        "x001/0000",
        "x001//000",
        "/000",
        "000/",
        "X001/000",
        "x01/000",
        "-01",
        "+01",
        "00a",
        " 000",
        "000 ",
        "000\n",
        "000.p",
        "000.p/",
        "000.p/0",
        "000.p/01",
        "000.p/256",
        "000.p/257",
        "000.p/-1",
        "000.p/+1",
        "000.p/1/",
        "000.p/1 ",
        "000.p/1.p/1",
        "000p/1",
        "000.P/1",
        "..",
        "../000",
        "x018/x446/x744/x073/x709/x551/616",
        "x999/x999/x999/x999/x999/x999/999",
        "٠٠٠",
        "000?",
        "%30%30%30",
    ];
    for end in ends {
        for path in [format!("tile/0/{end}"), format!("tile/entries/{end}")] {
            assert!(path.parse::<TileId>().is_err(), "{path:?}");
            assert!(path.parse::<BundleId>().is_err(), "{path:?}");
        }
    }
    let tiles = [
        "tile",
        "tile/",
        "tile/0",
        "tile//000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/256/000",
        "tile/-1/000",
        "tile/+1/000",
        "/tile/0/000",
        "tile/entries/000",
        "Tile/0/000",
        "tile/a/000",
        "tile/18446744073709551616/000",
    ];
    for path in tiles {
        assert!(path.parse::<TileId>().is_err(), "{path:?}");
    }
    for path in ["tile/0/000", "tile/entries", "tile/entries/", "/tile/entries/000", "tile/Entries/000"] {
        assert!(path.parse::<BundleId>().is_err(), "{path:?}");
    }
}

/// The example in the specification, and the sizes around a full tile.
#[test]
fn tiles_of_a_size() {
    let rows: [(u64, &[&str]); 9] = [
        (0, &[]),
        (1, &["tile/0/000.p/1"]),
        (255, &["tile/0/000.p/255"]),
        (256, &["tile/1/000.p/1"]),
        (257, &["tile/0/001.p/1", "tile/1/000.p/1"]),
        (65_535, &["tile/0/255.p/255", "tile/1/000.p/255"]),
        (65_536, &["tile/2/000.p/1"]),
        (70_000, &["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]),
        (
            u64::MAX,
            &[
                "tile/0/x072/x057/x594/x037/x927/935.p/255",
                "tile/1/x281/x474/x976/x710/655.p/255",
                "tile/2/x001/x099/x511/x627/775.p/255",
                "tile/3/x004/x294/x967/295.p/255",
                "tile/4/x016/x777/215.p/255",
                "tile/5/x065/535.p/255",
                "tile/6/255.p/255",
                "tile/7/000.p/255",
            ],
        ),
    ];
    for (size, expected) in rows {
        let paths: Vec<_> = partials(size).iter().map(TileId::to_string).collect();
        assert_eq!(paths, expected, "partial tiles of {size}");
    }
    assert_eq!([0, 1, 2, 63, 255].map(|level| full_tiles(70_000, level)), [273, 1, 0, 0, 0]);
    assert_eq!([0, 6, 7, 8].map(|level| full_tiles(u64::MAX, level)), [(1 << 56) - 1, 255, 0, 0]);
}

#[test]
fn a_tile_as_a_tree_has_it() {
    let rows = [
        ((0, 0, 0), None),
        ((0, 0, 1), Some(1)),
        ((0, 0, 256), Some(256)),
        ((0, 1, 256), None),
        ((0, 1, 257), Some(1)),
        ((1, 0, 255), None),
        ((1, 0, 256), Some(1)),
        ((0, 273, 70_000), Some(112)),
        ((0, 272, 70_000), Some(256)),
        ((0, u64::MAX, u64::MAX), None),
        ((255, 0, u64::MAX), None),
        ((7, 0, u64::MAX), Some(255)),
    ];
    for ((level, index, size), width) in rows {
        let id = TileId::in_tree(level, index, size);
        assert_eq!(id.map(|id| id.width), width, "level {level}, tile {index} of {size}");
    }
    assert_eq!(BundleId::in_tree(273, 70_000), Some(BundleId { index: 273, width: 112 }));
    assert_eq!(BundleId::in_tree(274, 70_000), None);
}

#[test]
fn the_path_of_a_leaf() {
    let rows: [(u64, u64, &[&str]); 8] = [
        (0, 0, &[]),
        (5, 5, &[]),
        (0, 1, &["tile/0/000.p/1"]),
        (0, 256, &["tile/0/000", "tile/1/000.p/1"]),
        (290, 300, &["tile/0/001.p/44"]),
        (0, 70_000, &["tile/0/000", "tile/1/000", "tile/2/000.p/1"]),
        (65_536, 70_000, &["tile/0/256", "tile/1/001.p/17"]),
        (69_999, 70_000, &["tile/0/273.p/112"]),
    ];
    for (index, size, expected) in rows {
        let paths: Vec<_> = TileId::path(index, size).iter().map(TileId::to_string).collect();
        assert_eq!(paths, expected, "{index} of {size}");
    }
}

/// With the tiles on its path and the partial ones, everything about a leaf can be proven.
#[test]
fn proofs_need_the_path_and_the_partial_tiles_only() {
    for size in [1u64, 255, 256, 257, 600, 65_536, 65_537, 70_000] {
        let mut log = Memory::new(&leaves(size));
        for index in (0..size).step_by(size as usize / 7 + 1).chain([size - 1]) {
            inclusion(log.anew(), index, size).unwrap();
            let known: Vec<_> = TileId::path(index, size).into_iter().chain(partials(size)).collect();
            for id in &log.asked {
                assert!(known.contains(id), "{id} for {index} of {size}");
            }
        }
    }
}

#[test]
fn tiles_are_whole_hashes() {
    let hashes = leaves(256);
    for count in [1, 2, 255, 256] {
        let bytes = encode_tile(&hashes[..count]);
        assert_eq!(bytes.len(), count * 32);
        assert_eq!(decode_tile(&bytes).as_deref(), Some(&hashes[..count]));
    }
    for length in [0, 1, 31, 33, 63, 8191, 8193, 8224] {
        assert_eq!(decode_tile(&vec![0; length]), None, "{length} bytes");
    }
}

#[test]
fn bundles_are_whole_entries() {
    let bundle = encode_bundle([&b"ab"[..], b"", b"c"]).unwrap();
    assert_eq!(bundle, b"\0\x02ab\0\0\0\x01c");
    assert_eq!(decode_bundle(&bundle).unwrap(), [&b"ab"[..], b"", b"c"]);
    let longest = vec![7u8; 65_535];
    assert_eq!(decode_bundle(&encode_bundle([&longest]).unwrap()), Some(vec![longest.clone()]));
    assert_eq!(encode_bundle([[longest, vec![7]].concat()]), Err(BundleError::EntryTooLong));
    assert_eq!(decode_bundle(&encode_bundle(vec![b"e"; 256]).unwrap()).unwrap().len(), 256);
    assert_eq!(encode_bundle(vec![b"e"; 257]), Err(BundleError::TooManyEntries));

    let damaged: [&[u8]; 6] = [b"", b"\0", b"\0\x01", b"\0\x02a", b"\0\x01ab", b"\0\x01a\0"];
    for bytes in damaged {
        assert_eq!(decode_bundle(bytes), None, "{bytes:?}");
    }
    assert_eq!(decode_bundle(&b"\0\x01e".repeat(257)), None);
}
