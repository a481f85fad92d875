"""The example agent (examples/livekit-agent), talking in LiveKit's own session, with its budget at a gate."""

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import openai
import pytest
from livekit.agents import AgentSession, ChatContext, llm
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

import gate
from gate import MODEL, entries, month, new_tenant, vendor_calls

sys.path.append(str(Path(__file__).parents[2] / "examples/livekit-agent"))

from agent import MOST, SORRY, ThriftyAgent
from budget import Budget

pytestmark = pytest.mark.skipif(
    not gate.is_named, reason="no gate is named; `cargo xtask test --only clients` starts one"
)

NANOS_A_CHARACTER = 50_000  # cartesia's list price
SPEAKS = ["chat", "speech"]


class Model(llm.LLM):
    """The agent's model: a vendor that is called over HTTP, past the gate, with a key that nobody else has."""

    def __init__(self, tenant):
        super().__init__()
        self.vendor = openai.AsyncOpenAI(base_url=f"{gate.MOCKS}/openai/v1", api_key=tenant.vendor_key, max_retries=0)

    def chat(self, *, chat_ctx, tools=None, conn_options=DEFAULT_API_CONNECT_OPTIONS, **_rest):
        return Words(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class Words(llm.LLMStream):
    async def _run(self):
        question = self._chat_ctx.messages()[-1].text_content
        request = {"model": MODEL, "messages": [{"role": "user", "content": question}], "stream": True}
        async for chunk in await self._llm.vendor.chat.completions.create(**request):
            if chunk.choices and (text := chunk.choices[0].delta.content):
                self._event_ch.send_nowait(llm.ChatChunk(id=chunk.id, delta=llm.ChoiceDelta(content=text)))


@asynccontextmanager
async def talking(tenant, agent_of=ThriftyAgent, history=None, url=gate.URL):
    async with aiohttp.ClientSession() as http, AgentSession(llm=Model(tenant)) as session:
        budget = Budget(url, tenant.api_key, "cartesia", "characters", http=http)
        history = history or ChatContext.empty()
        await session.start(agent_of(budget, room="room-1", instructions="Be brief.", chat_ctx=history))

        async def answer(words=None):
            """To these words, or to what the history ends with."""
            await (session.run(user_input=words) if words else session.generate_reply())
            return session.history.items[-1].text_content

        yield answer


def one_turn(tenant, words="How is the harbour?", **rest):
    async def turn():
        async with talking(tenant, **rest) as answer:
            return await answer(words)

    return asyncio.run(turn())


def test_lim_10_a_turn_is_asked_for_before_and_settled_after():
    tenant = new_tenant(SPEAKS)
    answer = one_turn(tenant)
    assert "How is the harbour?" in answer
    (entry,) = entries(tenant)
    assert (entry["provider"], entry["unit_type"], entry["capability"]) == ("cartesia", "characters", "speech")
    assert entry["units_consumed"] == len(answer)
    assert entry["cost_nanos"] == len(answer) * NANOS_A_CHARACTER
    settled, held = month(tenant)
    assert (settled, held) == (float(entry["cost_amount"]), 0)


def test_lim_10_each_turn_is_one_entry():
    tenant = new_tenant(SPEAKS)

    async def talk():
        async with talking(tenant) as answer:
            return [await answer("One"), await answer("Two")]

    answers = asyncio.run(talk())
    assert sorted(entry["units_consumed"] for entry in entries(tenant)) == sorted(len(answer) for answer in answers)


def test_lim_3_at_the_cap_no_model_is_asked_and_the_tenants_words_are_said():
    tenant = new_tenant(SPEAKS, monthly_cost_usd="0.01")
    assert one_turn(tenant) == "I am sleeping now"
    assert vendor_calls(tenant) == [] and entries(tenant) == []


def test_lim_7_without_a_gate_nobody_talks_for_free():
    tenant = new_tenant(SPEAKS)
    assert one_turn(tenant, url="http://127.0.0.1:9") == SORRY
    assert vendor_calls(tenant) == []


def test_lim_10_an_answer_without_an_end_ends_with_the_permit():
    tenant = new_tenant(SPEAKS)
    assert 0 < len(one_turn(tenant, "Tell me [[long]]" + " and more" * 200)) <= MOST
    (entry,) = entries(tenant)
    assert entry["units_consumed"] <= MOST and month(tenant)[1] == 0


class DiesBeforeItPays(ThriftyAgent):
    async def _settle(self, permit, length):
        pass


class DiesBeforeItHears(ThriftyAgent):
    """The settlement gets to the gate; its answer comes to nobody, and so it is sent again."""

    async def _settle(self, permit, length):
        await super()._settle(permit, length)
        await super()._settle(permit, length)


def test_lim_10_a_turn_whose_agent_died_before_it_paid_is_charged_once():
    tenant = new_tenant(SPEAKS)
    history = ChatContext.empty()
    history.add_message(role="user", content="How is the harbour?")
    one_turn(tenant, None, agent_of=DiesBeforeItPays, history=history.copy())
    held = MOST * NANOS_A_CHARACTER / 1e9
    assert month(tenant) == (0, held) and entries(tenant) == []

    # Started again with the history that it had.
    answer = one_turn(tenant, None, history=history.copy())
    (entry,) = entries(tenant)
    assert entry["units_consumed"] == len(answer)
    assert month(tenant) == (float(entry["cost_amount"]), 0)
    assert len(vendor_calls(tenant)) == 2


def test_lim_10_a_settlement_whose_answer_was_lost_is_sent_again_and_charged_once():
    tenant = new_tenant(SPEAKS)
    one_turn(tenant, agent_of=DiesBeforeItHears)
    (entry,) = entries(tenant)
    assert month(tenant) == (float(entry["cost_amount"]), 0)
