"""The gate as an agent's server uses it: ask before a turn, settle after it. Nothing here knows LiveKit.

One turn has one name. Whatever is lost on the way (an answer, a process) the same turn may be asked for and settled again:
the gate knows it by its name, gives the same permit, and charges it once.
"""

import asyncio
from dataclasses import dataclass

import aiohttp

# A request is tried again after these pauses, in seconds. It has the same name each time, so it has one effect.
PAUSES = (0.2, 1.0)
LIMIT = aiohttp.ClientTimeout(total=10)


class Refused(Exception):
    """The gate lets this turn not happen. Nothing was charged."""

    def __init__(self, kind, code, words):
        super().__init__(f"{kind} ({code})")
        # `hard_cap`, `rate_limited`, `burst`, `offline` ... and which cap, rate or reason it was.
        self.kind, self.code = kind, code
        # What the tenant wants to be said instead, if it has any words for it.
        self.words = words


@dataclass(frozen=True)
class Permit:
    id: str
    # Past the tenant's text-only threshold speech isn't wanted any more; a turn in writing may still be.
    text_only: bool


class Budget:
    """What one tenant may spend at one vendor, in the unit in which that vendor is paid."""

    def __init__(self, url, secret_key, provider, unit_type, *, http):
        self._url, self._http = url.rstrip("/"), http
        self._headers = {"Authorization": f"Bearer {secret_key}"}
        self._provider, self._unit_type = provider, unit_type

    async def ask(self, turn, most):
        """A permit for a turn that uses `most` units at the most. Raises `Refused`: then nobody may be called."""
        body = {
            "capability": "speech",
            "provider": self._provider,
            "estimate": {"units": most, "unit_type": self._unit_type},
        }
        # What if we crash after this? The same turn asked for again gets the same permit. If nobody asks again, it runs out
        # and is charged in full: the gate can't know that the vendor wasn't called.
        answer = await self._post("/v1/preflight", body, {"Idempotency-Key": turn})
        return Permit(answer["limit_check_id"], answer["decision"] == "downgrade")

    async def settle(self, permit, used):
        """Pays for what was used; what was held beyond it is free again. Returns the cost, a decimal string of US dollars."""
        # What if we crash after this? Settling again with the same number is the same settlement.
        body = {"units": used, "unit_type": self._unit_type}
        answer = await self._post(f"/v1/preflight/{permit.id}/settle", body)
        return answer["cost_amount"]

    async def _post(self, path, body, headers=None):
        for pause in (*PAUSES, None):
            try:
                return await self._try(path, body, headers or {})
            except (aiohttp.ClientError, TimeoutError) as error:
                if pause is None:
                    # Without the gate there is no permit, and without a permit no turn.
                    raise Refused("offline", "unreachable", None) from error
                await asyncio.sleep(pause)

    async def _try(self, path, body, headers):
        post = self._http.post(self._url + path, json=body, headers=self._headers | headers, timeout=LIMIT)
        async with post as response:
            answer = await response.json()
        if response.ok:
            return answer
        error = answer["error"]
        raise Refused(error["type"], error["code"], (error.get("fallback") or {}).get("message"))
