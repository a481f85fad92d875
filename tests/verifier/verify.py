#!/usr/bin/env python3
"""Checks what Tollgate's log has promised: offline, and without any code of Tollgate.

    verify.py receipt FILE VKEY          one entry is in the log that VKEY has signed
    verify.py export FILE.ndjson VKEY    every exported entry is, and what they come to (proof: FILE.proof.json)

Formats: RFC 6962; C2SP signed-note, tlog-checkpoint, tlog-tiles, tlog-proof; docs/audit-log.md for the entries.
"""
import base64, hashlib, json, sys
from datetime import datetime
from decimal import Decimal
from functools import partial
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256  # hashes in a full tile
from64 = partial(base64.b64decode, validate=True)
OTHERS = "channel capability settlement cost_currency cost_amount seq at session_id request_id details personal"
PLAIN = "v salt tenant_id company event_type provider model units_consumed unit_type cost_nanos limit_check_id"
SHOWN = {*PLAIN.split(), *OTHERS.split()}

def need(holds, otherwise):
    if not holds:
        raise ValueError(otherwise)

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def packed(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

def once(pairs):
    need(len(dict(pairs)) == len(pairs), "a line has a name twice")
    return dict(pairs)

def leaf_hash(entry):
    """Of what the log shows of an entry: a version, and the hash of what the entry says."""
    return sha256(b"\x00\x01", sha256(entry))

def tree_hash(hashes):
    """RFC 6962, 2.1, over hashes of leaves, or of full trees of one size and perhaps a smaller last one."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else sha256()
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01", tree_hash(hashes[:split]), tree_hash(hashes[split:]))

def open_note(note, vkey):
    name, key_id, key = vkey.strip().split("+", 2)
    key = from64(key)
    need(key[:1] == b"\x01" and len(key) == 33 and sha256(name.encode(), b"\n", key)[:4].hex() == key_id, "not a key")
    text, gap, signatures = note.rpartition("\n\n")
    need(gap and note.endswith("\n"), "not a signed note")
    signed = [line.removeprefix("\u2014 ").split(" ") for line in signatures.splitlines() if line[:2] == "\u2014 "]
    ours = [from64(by[1]) for by in signed if by[0] == name and from64(by[1])[:4].hex() == key_id]
    need(ours and len(signed) == len(signatures.splitlines()), f"not signed by {name}")
    for signature in ours:
        Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], f"{text}\n".encode())
    return text, name

def open_checkpoint(note, vkey):
    text, name = open_note(note, vkey)
    origin, size, root = text.split("\n")[:3]
    need(origin == name and size == str(int(size)) and len(from64(root)) == 32, f"not a checkpoint of {name}")
    return int(size), from64(root)

def check_inclusion(found, index, size, path, root):  # RFC 9162, 2.1.3.2
    need(index < size, f"entry {index} is beyond the log's {size} entries")
    node, last = index, size - 1
    for sibling in path:
        need(last > 0, "the proof is too long")
        if node % 2 or node == last:
            found = sha256(b"\x01", sibling, found)
            while node and not node % 2:
                node, last = node // 2, last // 2
        else:
            found = sha256(b"\x01", found, sibling)
        node, last = node // 2, last // 2
    need(last == 0 and found == root, "the proof doesn't lead from the entry to the signed root")

def check_receipt(text, vkey):
    proof, _, checkpoint = text.partition("\n\n")
    title, extra, index, *path = proof.split("\n")
    need(title == "c2sp.org/tlog-proof@v1" and extra[:6] == "extra " and index[:6] == "index ", "not a receipt")
    size, root = open_checkpoint(checkpoint, vkey)
    check_inclusion(leaf_hash(from64(extra[6:])), int(index[6:]), size, [from64(line) for line in path], root)
    return json.loads(from64(extra[6:])), int(index[6:]), size

def canonical(view):
    """The bytes that the log commits to, from an entry as the gate shows it."""
    need(set(view) == SHOWN and view["cost_currency"] == "USD", f"{view['limit_check_id']} says other things than an entry")
    need(Decimal(view["cost_amount"]) * 10**9 == view["cost_nanos"], f"{view['limit_check_id']} names two costs")
    fields = [*PLAIN.split(), *OTHERS.split()[:3]]
    entry = {field: view[field] for field in fields if field != "salt" or view[field]}
    entry["at_ms"] = round(datetime.fromisoformat(view["at"]).timestamp() * 1000)
    if personal := view["personal"]:
        ids = packed({"session_id": view["session_id"], "request_id": view["request_id"]})
        found = sha256(bytes.fromhex(personal["salt"]), ids).hex() if personal["salt"] else personal["digest"]
        need(found == personal["digest"], f"session or request of {view['limit_check_id']} are not the logged ones")
        entry["personal"] = found
    return packed(entry | ({"details": dict(sorted(view["details"].items()))} if view["details"] else {}))

class Tiles:
    """Hashes of a log, each checked against the signed root before it is believed."""
    def __init__(self, tiles, size, root):
        self.tiles, self.known, ragged = tiles, {}, []
        for level in range(8):
            full, width = divmod(size >> 8 * level, WIDTH)
            if width:
                self.known[level, full] = hashes = self.read(level, full, width)
                ragged = [tree_hash(hashes + ragged)]
        need(tree_hash(ragged) == root, "the tiles don't come to the signed root")
    def read(self, level, index, width):
        groups = f"{index:,}".split(",")  # groups of three digits, all but the last with an x
        name = "/".join([f"x{group:0>3}" for group in groups[:-1]] + [f"{groups[-1]:0>3}"])
        path = f"tile/{level}/{name}" + (f".p/{width}" if width < WIDTH else "")
        data = from64(self.tiles.get(path, ""))
        need(len(data) == width * 32, f"{path} is missing from the proof, or has another length")
        return [data[at : at + 32] for at in range(0, len(data), 32)]
    def at(self, level, index):
        if (level, index) not in self.known:
            hashes, above = self.read(level, index, WIDTH), self.at(level + 1, index // WIDTH)
            need(tree_hash(hashes) == above[index % WIDTH], f"tile {index} of level {level} is not what was signed")
            self.known[level, index] = hashes
        return self.known[level, index]

def check_export(lines, proof, vkey):
    size, root = open_checkpoint(proof["checkpoint"], vkey)
    tiles, seen, total = Tiles(proof["tiles"], size, root), set(), 0
    for view in (json.loads(line, parse_float=Decimal, object_pairs_hook=once) for line in lines):
        seq, name = view["seq"], view["limit_check_id"]
        need(seq is not None and seq < size and seq not in seen, f"{name} has no place of its own in the log")
        logged = tiles.at(0, seq // WIDTH)[seq % WIDTH]
        need(leaf_hash(canonical(view)) == logged, f"entry {seq} ({name}) is not what was logged")
        seen.add(seq)
        total += view["cost_nanos"]
    return len(seen), f"{Decimal(total).scaleb(-9):f}", len(seen) == size

def main(kind, path, vkey):
    if kind == "receipt":
        entry, index, size = check_receipt(open(path, encoding="utf-8").read(), vkey)
        return f"ok: entry {index} of a log of {size}: {packed(entry).decode()}"
    proof = json.load(open(path.removesuffix(".ndjson") + ".proof.json", encoding="utf-8"))
    count, usd, whole = check_export(open(path, encoding="utf-8"), proof, vkey)
    return f"ok: {count} entries, {usd} USD, {'the whole log' if whole else 'a part of the log'}"

if __name__ == "__main__":
    try:
        print(main(*sys.argv[1:4]))
    except (InvalidSignature, OSError, ValueError, KeyError, TypeError) as refused:
        sys.exit(f"refused: {refused!r}")
