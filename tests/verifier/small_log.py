"""A log in a few lines, to make receipts and exports with: straight from the definitions, slow, and independent of both
the gate and the verifier."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAME = "log.example/test"


def sha256(data):
    return hashlib.sha256(data).digest()


def to64(data):
    return base64.b64encode(data).decode()


def vkey(key=KEY, name=NAME):
    public = b"\x01" + key.public_key().public_bytes_raw()
    key_id = sha256(name.encode() + b"\n" + public)[:4]
    return f"{name}+{key_id.hex()}+{to64(public)}"


def signed(text, key=KEY, name=NAME):
    key_id = bytes.fromhex(vkey(key, name).split("+")[1])
    return f"{text}\n\u2014 {name} {to64(key_id + key.sign(text.encode()))}\n"


def view(seq, **other):
    """An entry as the gate shows it, and the bytes that its log would commit to, written out by hand."""
    ids = {"session_id": None if seq % 3 else f"ses_{seq}", "request_id": f"req_{seq}"}
    salt = f"{seq:032x}"
    digest = hashlib.sha256(bytes.fromhex(salt) + compact(ids)).hexdigest()
    shown = {
        "tenant_id": "dämo \"1\"\n", "event_type": "TWIN_INTERACTION", "provider": "tavus", "units_consumed": 30 + seq,
        "unit_type": "seconds", "cost_currency": "USD", "cost_amount": None, "limit_check_id": f"lc_{seq}", "v": 2,
        "seq": seq, "at": "2026-11-20T09:00:00.123Z", **ids, "channel": "widget", "model": "", "capability": "video",
        "cost_nanos": 45_000_000 + seq, "settlement": "exact", "company": "acme", "details": {}, "salt": salt,
        "personal": {"digest": digest, "salt": salt},
    } | other  # fmt: skip
    shown["cost_amount"] = shown["cost_nanos"] / 10**9
    return shown


def logged(shown):
    order = "v salt tenant_id company event_type provider model units_consumed unit_type cost_nanos limit_check_id"
    entry = {name: shown[name] for name in order.split()}
    entry |= {"channel": shown["channel"], "capability": shown["capability"], "settlement": shown["settlement"]}
    entry |= {"at_ms": 1_795_165_200_123, "personal": shown["personal"]["digest"]}
    return compact(entry | ({"details": shown["details"]} if shown["details"] else {}))


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def leaf(entry):
    return sha256(b"\x00\x01" + sha256(entry))


def root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    half = split(len(leaves))
    return sha256(b"\x01" + root(leaves[:half]) + root(leaves[half:]))


def path(leaves, index):
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if index < half:
        return path(leaves[:half], index) + [root(leaves[half:])]
    return path(leaves[half:], index - half) + [root(leaves[:half])]


def split(count):
    half = 1
    while half * 2 < count:
        half *= 2
    return half


def tiles(leaves):
    """All of them, by path."""
    made, level, hashes = {}, 0, leaves
    while hashes:
        for first in range(0, len(hashes), 256):
            tile = hashes[first : first + 256]
            made[tile_path(level, first // 256, len(tile))] = to64(b"".join(tile))
        full = len(hashes) // 256 * 256
        hashes = [root(hashes[first : first + 256]) for first in range(0, full, 256)]
        level += 1
    return made


def tile_path(level, index, width):
    assert index < 1_000_000
    name = f"x{index // 1000:03}/{index % 1000:03}" if index >= 1000 else f"{index:03}"
    return f"tile/{level}/{name}" + (f".p/{width}" if width < 256 else "")


def checkpoint(leaves, **by):
    name = by.get("name", NAME)
    return signed(f"{name}\n{len(leaves)}\n{to64(root(leaves))}\n", **by)


def receipt(entries, index, **by):
    leaves = [leaf(entry) for entry in entries]
    lines = ["c2sp.org/tlog-proof@v1", f"extra {to64(entries[index])}", f"index {index}"]
    lines += [to64(sibling) for sibling in path(leaves, index)]
    return "\n".join(lines) + "\n\n" + checkpoint(leaves, **by)


def export(views, log=None):
    """Lines and proof of some entries out of a log."""
    leaves = [leaf(logged(shown)) for shown in log or views]
    proof = {"v": 1, "vkey": vkey(), "checkpoint": checkpoint(leaves), "tiles": tiles(leaves)}
    return [json.dumps(shown) for shown in views], proof
