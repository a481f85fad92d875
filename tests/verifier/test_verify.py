"""The verifier against known answers, against logs made from the definitions alone, and against everything that was
changed in them."""

import json

import pytest
import small_log as made
import verify
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

REFUSED = (ValueError, KeyError, TypeError, InvalidSignature)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))

# RFC 6962's test inputs, as every implementation has them.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOT_OF_ONE = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
ROOT_OF_ALL = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
# C2SP signed-note.
NOTE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n\u2014 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def test_the_tree_of_the_rfc():
    leaves = [verify.sha256(b"\x00", bytes.fromhex(text)) for text in INPUTS]
    assert verify.tree_hash(leaves[:1]).hex() == ROOT_OF_ONE
    assert verify.tree_hash(leaves).hex() == ROOT_OF_ALL
    assert verify.tree_hash([]) == verify.sha256()


def test_the_note_of_the_specification():
    assert verify.open_note(NOTE, NOTE_KEY) == ("This is an example message.", "example.com/foo")


@pytest.mark.parametrize(
    "note, key",
    [
        (NOTE.replace("example message", "exemple message"), NOTE_KEY),
        (NOTE.replace("IneyaQM=", "IneyaQQ="), NOTE_KEY),
        (NOTE.replace("\u2014", "-"), NOTE_KEY),
        (NOTE.replace("\n\n", "\n"), NOTE_KEY),
        (NOTE[:-1], NOTE_KEY),
        (NOTE, NOTE_KEY.replace("530d903a", "530d903b")),
        (NOTE, NOTE_KEY.replace("/foo", "/bar")),
        (NOTE, made.vkey()),
        (NOTE + "\u2014 example.com/foo Uw2QOg" + "A" * 84 + "==\n", NOTE_KEY),
        ("", NOTE_KEY),
    ],
)
def test_a_note_that_was_changed_or_is_of_somebody_else(note, key):
    with pytest.raises(REFUSED):
        verify.open_note(note, key)


def test_unknown_signatures_are_passed_over():
    witness = made.signed("This is an example message.\n", OTHER_KEY, "witness.example").splitlines()[-1]
    assert verify.open_note(NOTE + witness + "\n", NOTE_KEY)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 9, 31, 64, 100])
def test_every_receipt_of_a_log(size):
    entries = [made.logged(made.view(seq)) for seq in range(size)]
    for index in range(size):
        receipt = made.receipt(entries, index)
        assert verify.check_receipt(receipt, made.vkey()) == (json.loads(entries[index]), index, size)


def test_a_receipt_that_was_changed_anywhere():
    entries = [made.logged(made.view(seq)) for seq in range(11)]
    receipt = made.receipt(entries, 6)
    changes = 0
    for at, letter in enumerate(receipt):
        other = {"0": "1", "A": "B", "\n": " "}.get(letter, "0" if letter.isdigit() else "A")
        changed = receipt[:at] + other + receipt[at + 1 :]
        # Base64's last letter has bits that stand for nothing.
        if letter == other or receipt[at + 1 : at + 2] == "=":
            continue
        with pytest.raises(REFUSED):
            verify.check_receipt(changed, made.vkey())
            pytest.fail(f"accepted with {other!r} for {letter!r} at {at}")
        changes += 1
    assert changes > 700


def test_receipts_of_other_logs_keys_and_places():
    entries = [made.logged(made.view(seq)) for seq in range(5)]
    good = made.receipt(entries, 3)
    refused = [
        (made.receipt(entries, 3, key=OTHER_KEY), made.vkey()),
        (good, made.vkey(OTHER_KEY)),
        (good, made.vkey(name="log.example/other")),
        (good.replace("index 3", "index 2"), made.vkey()),
        (good.replace("index 3", "index 5"), made.vkey()),
        (good.split("\n\n")[0] + "\n\n" + made.checkpoint([made.leaf(entry) for entry in entries[:4]]), made.vkey()),
        (good.replace("index 3\n", "index 3\n" + made.to64(bytes(32)) + "\n"), made.vkey()),
        (good.replace("tlog-proof@v1", "tlog-proof@v2"), made.vkey()),
    ]
    for receipt, key in refused:
        with pytest.raises(REFUSED):
            verify.check_receipt(receipt, key)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 700, 66_000])
def test_whole_exports(size):
    lines, proof = made.export([made.view(seq) for seq in range(size)])
    total = sum(45_000_000 + seq for seq in range(size))
    assert verify.check_export(lines, proof, made.vkey()) == (size, f"{total // 10**9}.{total % 10**9:09}", True)


def test_a_part_of_a_log_with_no_more_tiles_than_it_takes():
    views = [made.view(seq) for seq in range(700)]
    lines, proof = made.export([views[300]], views)
    del proof["tiles"]["tile/0/000"]
    assert verify.check_export(lines, proof, made.vkey()) == (1, "0.045000300", False)
    del proof["tiles"]["tile/0/001"]
    with pytest.raises(REFUSED):
        verify.check_export(lines, proof, made.vkey())


@pytest.mark.parametrize(
    "field, value",
    [
        ("tenant_id", "other"), ("company", "other"), ("event_type", "CORRECTION"), ("provider", "heygen"), ("model", "m"),
        ("units_consumed", 1), ("unit_type", "tokens"), ("cost_nanos", 1), ("cost_amount", 0.1), ("limit_check_id", "lc_9"),
        ("channel", "portal"), ("capability", "chat"), ("settlement", "full"), ("at", "2026-11-20T09:00:00.124Z"),
        ("v", 1), ("salt", "00"), ("seq", 6), ("seq", 300), ("seq", 9_999), ("seq", None), ("seq", 4), ("session_id", "ses_9"),
        ("request_id", "req_9"), ("personal", None), ("details", {"reason": "none"}),
        ("personal", {"digest": "00" * 32, "salt": None}), ("cost_currency", "EUR"), ("note", "paid in advance"),
    ],
)  # fmt: skip
def test_an_exported_entry_that_was_changed(field, value):
    views = [made.view(seq) for seq in range(400)]
    lines, proof = made.export(views)
    lines[5] = json.dumps(views[5] | {field: value})
    with pytest.raises(REFUSED):
        verify.check_export(lines, proof, made.vkey())


def test_a_line_with_a_name_twice():
    lines, proof = made.export([made.view(seq) for seq in range(3)])
    lines[1] = '{"tenant_id": "evil", ' + lines[1][1:]
    with pytest.raises(ValueError):
        verify.check_export(lines, proof, made.vkey())


def test_what_was_erased_is_no_longer_checked_and_everything_else_is():
    views = [made.view(seq, details={"b": "2", "a": "1"}) for seq in range(3)]
    for shown in views:
        shown["details"] = dict(sorted(shown["details"].items()))
    lines, proof = made.export(views)
    erased = {"session_id": None, "request_id": None, "personal": views[1]["personal"] | {"salt": None}}
    lines[1] = json.dumps(views[1] | erased)
    assert verify.check_export(lines, proof, made.vkey())[0] == 3


def test_tiles_that_were_changed():
    views = [made.view(seq) for seq in range(700)]
    for path in list(made.export(views)[1]["tiles"]):
        lines, proof = made.export(views)
        data = bytearray(verify.from64(proof["tiles"][path]))
        data[40 % len(data)] ^= 1
        proof["tiles"][path] = made.to64(bytes(data))
        with pytest.raises(REFUSED):
            verify.check_export(lines, proof, made.vkey())


def test_the_program(tmp_path, capsys):
    entries = [made.logged(made.view(seq)) for seq in range(5)]
    receipt = tmp_path / "a.receipt"
    receipt.write_text(made.receipt(entries, 2), encoding="utf-8")
    assert verify.main("receipt", str(receipt), made.vkey()).startswith("ok: entry 2 of a log of 5: ")
    lines, proof = made.export([made.view(seq) for seq in range(5)])
    (tmp_path / "b.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "b.proof.json").write_text(json.dumps(proof), encoding="utf-8")
    said = verify.main("export", str(tmp_path / "b.ndjson"), made.vkey())
    assert said == "ok: 5 entries, 0.225000010 USD, the whole log"


def test_it_stays_small():
    with open(verify.__file__, encoding="utf-8") as program:
        assert len(program.readlines()) <= 150
