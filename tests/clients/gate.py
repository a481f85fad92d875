"""The gate under test: clients that point at it, tenants of a test's own, and the gate's books."""

import json
import os
import time
import uuid
from dataclasses import dataclass
from urllib import request

import openai

URL = os.environ.get("TOLLGATE_URL", "")
ADMIN_KEY = os.environ.get("TOLLGATE_ADMIN_KEY", "")
MOCKS = os.environ.get("MOCK_VENDORS_URL", "")
MODEL = "gpt-5.4-mini"


@dataclass(frozen=True)
class Tenant:
    api_key: str
    # What the gate shows its vendor; nobody else has the same.
    vendor_key: str = ""


DEMO = Tenant(os.environ.get("TOLLGATE_SECRET_KEY", ""))

is_named = all([URL, ADMIN_KEY, DEMO.api_key, MOCKS])


def client(tenant=DEMO, **options):
    """OpenAI's client as a tenant's server would make it: only the address and the key are other ones."""
    return openai.OpenAI(**_options(tenant, options))


def async_client(tenant=DEMO, **options):
    return openai.AsyncOpenAI(**_options(tenant, options))


def _options(tenant, options):
    return {"base_url": f"{URL}/v1", "api_key": tenant.api_key, "max_retries": 0, "timeout": 20, **options}


def new_tenant(capabilities=("chat",), **limits):
    """A tenant with limits of its own, bound to the mock vendor by a key that nobody else has."""
    name = f"client-{uuid.uuid4()}"
    plenty = {
        "monthly_cost_usd": "25.00",
        "burst": 50,
        "queue_wait_ms": 0,
        "requests_per_minute": 600,
        "request_burst": 100,
    }
    record = {
        "id": name,
        "company": name,
        "display_name": "Client",
        "allowed_origins": [],
        "channels": ["portal"],
        "capabilities": list(capabilities),
        "consent_required": True,
        "fallback_message": "I am sleeping now",
        "limits": plenty | limits,
        "vendors": {"chat": {"provider": "openai", "model": MODEL}},
    }
    made = _call("POST", f"{URL}/v1/tenants", ADMIN_KEY, record)
    tenant = Tenant(made.get("secret_key") or made["keys"]["secret_key"], f"sk-{name}")
    binding = {"mode": "mock", "base_url": f"{MOCKS}/openai/v1", "secret": tenant.vendor_key, "options": {}}
    _call("PUT", f"{URL}/v1/tenants/{name}/vendors/openai", ADMIN_KEY, binding)
    return tenant


def vendor_calls(tenant):
    """What the vendor saw of a tenant."""
    return [call for call in _call("GET", f"{MOCKS}/control/calls") if call["key"] == tenant.vendor_key]


def entry(tenant, limit_check_id):
    """The log's entry of a permit."""
    return _call("GET", f"{URL}/v1/audit/entries/{limit_check_id}", tenant.api_key)


def entries(tenant):
    """What a tenant has paid for, as the log has it."""
    page = _call("GET", f"{URL}/v1/audit/entries?kind=money", tenant.api_key)
    return page["entries"]


def put(path, tenant, body):
    """Something that is the tenant's own."""
    return _call("PUT", f"{URL}{path}", tenant.api_key, body)


def settled(tenant):
    """This month's money of a tenant, in dollars, once nothing is held any more."""

    def look():
        found, held = month(tenant)
        return found if held == 0 and found > 0 else None

    return eventually("everything to be settled", look)


def month(tenant):
    """What of a tenant's money is settled this month, and what is held, in dollars."""
    windows = _call("GET", f"{URL}/v1/usage", tenant.api_key)["windows"]
    found = next(window for window in windows if (window["scope"], window["unit"]) == ("tenant", "usd"))
    return float(found["settled"]), float(found["held"])


def call(method, path, key="", body=None):
    """A request of its own to the gate. A status that is no success raises."""
    return _call(method, f"{URL}{path}", key, body)


def eventually(what, look):
    """Asks until `look` finds something."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}")


def _call(method, url, key="", body=None):
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    # A status that is no success raises.
    with request.urlopen(request.Request(url, data, headers, method=method), timeout=20) as answer:
        text = answer.read()
    return json.loads(text) if text else None
