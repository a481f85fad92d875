"""What the contract's tests find at the gate: a tenant that may do everything, and one of each thing that has an id."""

import functools
import uuid
from datetime import UTC, datetime

import gate
from gate import ADMIN_KEY, MOCKS, call

# Nobody runs into these: the tests are many requests in a short time.
PLENTY = {"monthly_cost_usd": "1000000", "requests_per_minute": 1_000_000, "request_burst": 1_000_000, "burst": 10_000}
CAPABILITIES = ["chat", "speech", "video", "context", "jobs"]
CHOICES = {"chat": "openai", "speech": "cartesia", "video": "tavus", "context": "newsapi", "jobs": "kie"}
# LiveKit's secret isn't sent but signs, so the mock has to know it. Of the other vendors the mocks take any.
SECRETS = {"livekit": "APIdemo:mock-secret-of-livekit"}
OPTIONS = {
    "tavus": {"persona": "pal-demo"},
    "heygen": {"avatar_id": "avatar-demo", "context_id": "context-demo"},
    "upload-post": {"user": "demo"},
}
WALLET = "0x" + "a1" * 20


class World:
    def __init__(self):
        self.name = f"contract-{uuid.uuid4()}"
        made = self._tenant(self.name)
        self.keys = {"secretKey": made["secret_key"], "publishableKey": made["publishable_key"], "adminKey": ADMIN_KEY}
        # A twin is its tenant's: when it is retired, or its consent taken back, nothing of the tenant is open any more.
        self.stage = f"{self.name}-stage"
        self.stage_key = self._tenant(self.stage)["secret_key"]
        for vendor in call("GET", "/v1/vendors", ADMIN_KEY)["vendors"]:
            for tenant in (self.name, self.stage):
                self._bind(tenant, vendor["vendor"], vendor["base_url"])
        self.spare = self._tenant(f"{self.name}-spare")["id"]
        self._admin("PUT", f"/v1/tenants/{self.spare}/vendors/openai", {"mode": "live", "secret": "sk-contract"})
        self.twin = self._twin()
        self.session = self._tenants("POST", "/v1/sessions", {"channel": "portal", "consent": True})
        self.keys["sessionToken"] = self.session["token"]

    def credential(self, path, operation):
        """The first of those that it takes."""
        taken = {name for wanted in operation.get("security", []) for name in wanted}
        if "secretKey" in taken and path.startswith(("/v1/twins", "/api/metatwin", "/v1/mesh")):
            return self.stage_key
        found = next((name for name in ("secretKey", "adminKey", "sessionToken", "publishableKey") if name in taken), None)
        return self.keys.get(found)

    def ids(self, method, path):
        """Path parameters that lead to something, or nothing where there is nothing to lead to."""
        for prefix, ids in self._places().items():
            if path.startswith(prefix):
                found = ids()
                return {name: value for name, value in found.items() if "{" + name + "}" in path}
        return {}

    def _places(self):
        """The longer prefix before the shorter one. What a request uses up is made anew for each."""
        return {
            "/v1/tenants/{id}": lambda: {"id": self.spare, "vendor": "openai"},
            "/v1/companies/{id}": lambda: {"id": self.spare},
            "/v1/twins/{id}": lambda: {"id": self.twin, "month": self.month, "module": "casino"},
            "/v1/sessions/{id}": lambda: {"id": self.session["id"]},
            "/v1/preflight/{limit_check_id}": lambda: {"limit_check_id": self.permit()},
            "/v1/context/{topic}": lambda: {"topic": "news"},
            "/v1/jobs/{id}": lambda: {"id": self.job},
            "/v1/projects/{id}": lambda: {"id": "contract"},
            "/v1/runs/{id}": lambda: {"id": self.run()},
            "/v1/audit/entries/{limit_check_id}": lambda: {"limit_check_id": self.entry},
            "/v1/audit/invoices/{month}": lambda: {"month": self.month},
            "/v1/checks/{name}": lambda: {"name": "age-gate"},
            "/v1/webhooks/{provider}/{tenant}": lambda: {"provider": "generic", "tenant": self.name},
            "/api/metatwin/{mtid}": lambda: {"mtid": self.twin},
        }

    month = property(lambda _self: datetime.now(UTC).strftime("%Y-%m"))

    def _twin(self):
        consent = {"subject": "Ada", "purpose": "to be heard in the shop", "evidence_sha256": "ab" * 32}
        wanted = {"name": "Ada", "behavior_mode": "host", "consent": consent}
        return call("POST", "/v1/twins", self.stage_key, wanted)["id"]

    def permit(self):
        estimate = {"units": 1000, "unit_type": "characters"}
        asked = {"capability": "speech", "provider": "cartesia", "estimate": estimate}
        return self._tenants("POST", "/v1/preflight", asked)["limit_check_id"]

    @functools.cached_property
    def entry(self):
        permit = self.permit()
        self._tenants("POST", f"/v1/preflight/{permit}/settle", {"units": 7, "unit_type": "characters"})
        return permit

    @functools.cached_property
    def job(self):
        asked = {"provider": "kie", "kind": "video", "input": {"prompt": "A harbour at dusk"}}
        return self._tenants("POST", "/v1/jobs", asked)["id"]

    def run(self):
        return self._tenants("POST", "/v1/runs", {"steps": [{"id": "look", "gate": {"title": "Good?"}}]})["id"]

    def _tenant(self, name):
        record = {
            "id": name,
            "company": name,
            "display_name": "Contract",
            "allowed_origins": ["https://shop.example"],
            "channels": ["portal", "widget", "landing"],
            "capabilities": CAPABILITIES,
            "consent_required": False,
            "limits": PLENTY,
            "fallback_message": "I am sleeping now",
            "vendors": {capability: {"provider": vendor} for capability, vendor in CHOICES.items()},
        }
        return self._admin("POST", "/v1/tenants", record)

    def _bind(self, tenant, vendor, base_url):
        path = base_url.split("/", 3)[3:]
        binding = {
            "mode": "mock",
            "base_url": "/".join([MOCKS, vendor, *path]),
            "secret": SECRETS.get(vendor, f"sk-mock-{vendor}"),
            "options": OPTIONS.get(vendor, {}),
        }
        self._admin("PUT", f"/v1/tenants/{tenant}/vendors/{vendor}", binding)

    def _admin(self, method, path, body=None):
        return call(method, path, ADMIN_KEY, body)

    def _tenants(self, method, path, body=None):
        return call(method, path, self.keys["secretKey"], body)


@functools.cache
def world():
    """Made when the first test asks for it."""
    return World()
