//! Known answers: Certificate Transparency's test data, and notes signed by the format's reference implementation.

use base64::{Engine, engine::general_purpose::STANDARD};
use tlog::{Checkpoint, Signer, Verifier, empty_root, leaf_hash, open, root};

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The eight leaves of Certificate Transparency's test data.
fn ct_leaves() -> Vec<Vec<u8>> {
    let texts = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let bytes = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    texts.into_iter().map(bytes).collect()
}

#[test]
fn roots_of_the_first_leaves() {
    let leaves: Vec<_> = ct_leaves().iter().map(|leaf| leaf_hash(leaf)).collect();
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (size, expected) in roots.into_iter().enumerate() {
        assert_eq!(hex(root(&leaves[..size])), expected, "{size} leaves");
    }
    assert_eq!(hex(empty_root()), roots[0]);
}

#[test]
fn a_leaf() {
    let expected = "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56";
    assert_eq!(hex(leaf_hash(b"L123456")), expected);
}

#[test]
fn verifier_keys_round_trip() {
    let keys = [
        ("example.com/foo", "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
        ("PeterNeumann", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
        // Two plus signs more, in the base64.
        ("sum.golang.org", "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"),
    ];
    for (name, text) in keys {
        let key: Verifier = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((key.name(), key.to_string().as_str()), (name, text));
    }
}

#[test]
fn a_note_of_another_implementation_opens() {
    let key: Verifier = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k".parse().unwrap();
    let signature = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";
    let note = format!("This is an example message.\n\n\u{2014} example.com/foo {signature}\n");
    let opened = open(&note, &[key]).unwrap();
    assert_eq!(opened.text, "This is an example message.\n");
    assert_eq!(opened.signed_by, ["example.com/foo"]);
}

/// Ed25519 is deterministic: the same seed and text give the reference implementation's very bytes.
#[test]
fn a_signer_writes_what_another_implementation_writes() {
    let seed = STANDARD.decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
    let signer = Signer::new("PeterNeumann", seed[1..].try_into().unwrap()).unwrap();
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    assert_eq!(signer.sign(text), format!("{text}\n\u{2014} PeterNeumann {signature}\n"));
}

/// The example in the specification.
#[test]
fn a_checkpoint_of_another_log_is_read() {
    let signature = "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=";
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let note = format!("{text}\n\u{2014} example.com/behind-the-sofa {signature}\n");
    let checkpoint = Checkpoint::unverified(&note).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(hex(checkpoint.root), "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62");
    assert_eq!(checkpoint.text(), text);
}
