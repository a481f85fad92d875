"""A Python client made of the gate's own document by openapi-python-client, used as a tenant's program would."""

import importlib
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

import gate
from gate import month, new_tenant, vendor_calls

pytestmark = pytest.mark.skipif(
    not gate.is_named, reason="no gate is named; `cargo xtask test --only clients` starts one"
)

# What the maker says that it can't make: sound, what has clients of its own, and a vendor's webhook.
NOT_MADE = ["/v1/mcp", "/v1/speech", "/v1/webhooks/{provider}/{tenant}"]


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    (folder / "config.yaml").write_text("literal_enums: true\npost_hooks: []\n")
    maker = [sys.executable, "-m", "openapi_python_client", "generate", "--url", f"{gate.URL}/v1/openapi.json"]
    options = ["--meta", "none", "--output-path", str(folder / "tollgate_client"), "--config", str(folder / "config.yaml")]
    told = subprocess.run([*maker, *options], capture_output=True, text=True, timeout=120, check=True)
    assert sorted(re.findall(r"parsing [A-Z]+ (\S+) within", told.stdout + told.stderr)) == NOT_MADE
    sys.path.append(str(folder))

    def part(name):
        return importlib.import_module(f"tollgate_client.{name}")

    return SimpleNamespace(
        models=part("models"),
        connect=lambda key: part("client").AuthenticatedClient(gate.URL, token=key, raise_on_unexpected_status=True),
        **{name: part(f"api.{place}.{name}") for name, place in PLACES.items()},
    )


PLACES = {
    "open_session": "sessions",
    "preflight": "pre_flight",
    "settle": "pre_flight",
    "usage": "pre_flight",
    "chat": "vendors",
}


SPEAKS = ["chat", "speech"]


def speech(made, units):
    estimate = made.models.PreflightInputEstimate(units=units, unit_type="characters")
    return made.models.PreflightInput(capability="speech", provider="cartesia", estimate=estimate)


def test_ops_4_a_session_is_opened_and_a_chat_is_had_in_it(made):
    tenant = new_tenant()
    wanted = made.models.SessionInput(channel="portal", consent=True)
    session = made.open_session.sync(client=made.connect(tenant.api_key), body=wanted)
    assert isinstance(session, made.models.SessionOpened) and session.capabilities == ["chat"]

    said = made.models.ChatMessage(role="user", content="How is the harbour?")
    body = made.models.ChatInput(model=gate.MODEL, messages=[said])
    completion = made.chat.sync(client=made.connect(session.token), body=body)
    assert isinstance(completion, made.models.ChatCompletion)
    assert "How is the harbour?" in completion.choices[0].message.content
    assert len(vendor_calls(tenant)) == 1


def test_ops_4_a_turn_is_asked_for_settled_and_seen_in_the_usage(made):
    tenant = new_tenant(SPEAKS)
    client = made.connect(tenant.api_key)
    permit = made.preflight.sync(client=client, body=speech(made, 100), idempotency_key="turn-1")
    again = made.preflight.sync(client=client, body=speech(made, 100), idempotency_key="turn-1")
    assert isinstance(permit, made.models.Permit) and permit.limit_check_id == again.limit_check_id

    used = made.models.SettleInput(units=60, unit_type="characters")
    settled = made.settle.sync(permit.limit_check_id, client=client, body=used)
    assert (settled.cost_amount, settled.cost_nanos, settled.cost_currency) == (0.003, 3_000_000, "USD")
    shown = next(window for window in made.usage.sync(client=client).windows if window.scope == "tenant")
    assert (float(shown.settled), float(shown.held)) == month(tenant) == (0.003, 0)


def test_ops_4_an_error_has_its_type_its_code_and_the_tenants_words(made):
    tenant = new_tenant(SPEAKS, monthly_cost_usd="0.001")
    answer = made.preflight.sync_detailed(client=made.connect(tenant.api_key), body=speech(made, 100))
    error = answer.parsed.error
    assert isinstance(answer.parsed, made.models.Error)
    assert (answer.status_code, error.type_, error.code) == (402, "hard_cap", "monthly_cap")
    assert (error.fallback.mode, error.fallback.message) == ("text", "I am sleeping now")
    assert error.request_id.startswith("req_")

    unknown = made.usage.sync(client=made.connect("tg_sk_unknown"))
    assert isinstance(unknown, made.models.Error) and unknown.error.type_ == "unauthenticated"
