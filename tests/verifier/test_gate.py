"""The verifier against a real gate: what the gate promises over HTTP, and what its program saves, hold up offline."""

import json
import os
import subprocess
import uuid
from pathlib import Path
from urllib import error, request

import pytest
import verify

URL = os.environ.get("TOLLGATE_URL", "")
ADMIN_KEY = os.environ.get("TOLLGATE_ADMIN_KEY", "")
SECRET_KEY = os.environ.get("TOLLGATE_SECRET_KEY", "")
PROGRAM = os.environ.get("TOLLGATE_BIN", "")

pytestmark = pytest.mark.skipif(not all([URL, ADMIN_KEY, SECRET_KEY]), reason="no gate is named")


def call(method, path, key, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    asked = request.Request(URL + path, data, headers, method=method)
    with request.urlopen(asked, timeout=20) as answer:
        return answer.read().decode()


def interaction(units=3):
    """One settled permit of the demo tenant."""
    estimate = {"capability": "video", "provider": "tavus", "estimate": {"units": units, "unit_type": "seconds"}}
    permit = json.loads(call("POST", "/v1/preflight", SECRET_KEY, estimate))["limit_check_id"]
    call("POST", f"/v1/preflight/{permit}/settle", SECRET_KEY, {"units": units, "unit_type": "seconds"})
    return permit


def sequenced():
    call("POST", "/v1/maintenance", ADMIN_KEY)


@pytest.fixture(scope="module")
def vkey():
    return call("GET", "/v1/audit/log/key", SECRET_KEY).strip()


def test_a_receipt_over_http(vkey):
    permits = [interaction(units) for units in (1, 2, 3)]
    sequenced()
    for units, permit in enumerate(permits, 1):
        receipt = call("GET", f"/v1/audit/entries/{permit}/proof", SECRET_KEY)
        entry, index, size = verify.check_receipt(receipt, vkey)
        assert (entry["limit_check_id"], entry["units_consumed"], index < size) == (permit, units, True)
        shown = json.loads(call("GET", f"/v1/audit/entries/{permit}", SECRET_KEY), parse_float=verify.Decimal)
        assert json.loads(verify.canonical(shown)) == entry
        assert entry["cost_nanos"] > 0


def test_a_receipt_of_another_entry_is_refused(vkey):
    permits = [interaction(), interaction()]
    sequenced()
    one, other = (call("GET", f"/v1/audit/entries/{permit}/proof", SECRET_KEY) for permit in permits)
    mixed = other.replace(other.split("\n")[1], one.split("\n")[1])
    assert mixed != other
    with pytest.raises(ValueError):
        verify.check_receipt(mixed, vkey)


def test_a_strangers_proof_is_not_shown():
    permit = interaction()
    sequenced()
    name = f"verifier-{uuid.uuid4()}"
    made = json.loads(call("POST", "/v1/tenants", ADMIN_KEY, {"id": name, "company": name, "display_name": "Verifier"}))
    with pytest.raises(error.HTTPError) as refused:
        call("GET", f"/v1/audit/entries/{permit}/proof", made.get("secret_key") or made["keys"]["secret_key"])
    assert refused.value.code == 404


@pytest.mark.skipif(not PROGRAM, reason="no program is named")
@pytest.mark.parametrize("whole", [True, False])
def test_an_export_of_the_program(vkey, tmp_path, whole):
    interaction()
    sequenced()
    file = str(tmp_path / "export.ndjson")
    environment = {"TOLLGATE_URL": URL, "PATH": os.environ["PATH"], "TOLLGATE_STATE": str(tmp_path)}
    environment |= {"TOLLGATE_ADMIN_KEY": ADMIN_KEY} if whole else {"TOLLGATE_SECRET_KEY": SECRET_KEY}
    subprocess.run([PROGRAM, "audit", "export", "-o", file], env=environment, check=True, timeout=60)
    said = verify.main("export", file, vkey)
    assert said.startswith("ok: ") and said.endswith("the whole log" if whole else "a part of the log")

    lines = Path(file).read_text(encoding="utf-8").splitlines()
    proof = json.loads(Path(file).with_name("export.proof.json").read_text(encoding="utf-8"))
    priced = next(at for at, line in enumerate(lines) if json.loads(line)["cost_nanos"])
    cheaper = json.loads(lines[priced]) | {"cost_nanos": 1, "cost_amount": 0.000000001}
    with pytest.raises(ValueError):
        verify.check_export([*lines[:priced], json.dumps(cheaper), *lines[priced + 1 :]], proof, vkey)


@pytest.mark.skipif(not PROGRAM, reason="no program is named")
def test_a_receipt_of_the_program(vkey, tmp_path):
    permit, file = interaction(), str(tmp_path / "receipt")
    environment = {"TOLLGATE_URL": URL, "TOLLGATE_SECRET_KEY": SECRET_KEY, "PATH": os.environ["PATH"]}
    subprocess.run([PROGRAM, "audit", "receipt", permit, "-o", file], env=environment, check=True, timeout=60)
    assert f'"limit_check_id":"{permit}"' in verify.main("receipt", file, vkey)
