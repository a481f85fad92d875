"""The official MCP client for Python, pointed at a gate. The cases are those of mcp.test.mjs."""

import asyncio
from contextlib import asynccontextmanager

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

import gate
from gate import Tenant, entry, eventually, new_tenant, put, settled, vendor_calls

pytestmark = pytest.mark.skipif(
    not gate.is_named, reason="no gate is named; `cargo xtask test --only clients` starts one"
)


@asynccontextmanager
async def connected(tenant, mode="auto"):
    """A client that is connected as this tenant."""
    headers = {"authorization": f"Bearer {tenant.api_key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=20) as http:
        transport = streamable_http_client(f"{gate.URL}/v1/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


def as_tenant(tenant, work, **options):
    async def run():
        async with connected(tenant, **options) as client:
            return await work(client)

    return asyncio.run(run())


@pytest.mark.parametrize(("mode", "version"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
def test_the_two_agree_on_a_version_and_the_tools_are_there(mode, version):
    async def look(client):
        assert client.server_info.name == "tollgate"
        assert client.protocol_version == version
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["ask", "list_projects", "start_run", "get_run_status"]
        assert all(tool.input_schema["type"] == "object" and tool.output_schema for tool in tools)

    as_tenant(new_tenant(), look, mode=mode)


def test_a_question_is_answered_charged_and_in_the_log():
    tenant = new_tenant()

    async def ask(client):
        # The client checks the answer against the tool's output schema.
        return await client.call_tool("ask", {"question": "How is the harbour?"})

    result = as_tenant(tenant, ask)
    assert not result.is_error
    assert "How is the harbour?" in result.content[0].text
    assert result.structured_content["answer"] == result.content[0].text
    assert settled(tenant) > 0
    assert entry(tenant, result.structured_content["limit_check_id"])["units_consumed"] > 0
    assert len(vendor_calls(tenant)) == 1


def test_a_project_is_listed_begun_and_looked_at():
    tenant = new_tenant()
    steps = [{"id": "publish", "gate": {"title": "Publish it?"}}]
    put("/v1/projects/clips", tenant, {"title": "Harbour clips", "steps": steps})

    async def work(client):
        listed = (await client.call_tool("list_projects", {})).structured_content["projects"]
        assert [(project["id"], project["title"]) for project in listed] == [("clips", "Harbour clips")]
        arguments = {"project": "clips", "input": {"scenes": [1, 2]}}
        run = (await client.call_tool("start_run", arguments)).structured_content
        assert run["id"].startswith("run_")
        for _ in range(100):
            run = (await client.call_tool("get_run_status", {"run_id": run["id"]})).structured_content
            if run["status"] == "waiting":
                return run
            await asyncio.sleep(0.05)
        raise AssertionError(f"it never waits: {run}")

    run = as_tenant(tenant, work)
    assert run["gate"]["title"] == "Publish it?" and "/v1/approvals/" in run["gate"]["approval_url"]
    assert run["input"] == {"scenes": [1, 2]}


def test_what_goes_wrong_in_a_tool_is_told_to_the_model():
    def check(tenant, name, arguments, kind, code):
        result = as_tenant(tenant, lambda client: client.call_tool(name, arguments))
        error = result.meta["tollgate/error"]
        assert (result.is_error, error["type"], error["code"]) == (True, kind, code)
        assert error["message"] in result.content[0].text

    tenant = new_tenant()
    check(tenant, "ask", {}, "invalid_request", "invalid_arguments")
    check(tenant, "ask", {"question": "a", "model": "no-such-model"}, "invalid_request", "unpriced")
    check(tenant, "start_run", {"project": "nothing"}, "invalid_request", "invalid_request")
    check(tenant, "get_run_status", {"run_id": "run_1"}, "not_found", "not_found")
    assert vendor_calls(tenant) == []
    poor = new_tenant(monthly_cost_usd="0.000001")
    check(poor, "ask", {"question": "Hello"}, "hard_cap", "monthly_cap")
    assert vendor_calls(poor) == []


def test_what_goes_wrong_in_the_protocol_is_told_to_the_program():
    async def nothing(client):
        raise AssertionError("nobody came in")

    with pytest.raises(BaseException) as refused:
        as_tenant(Tenant("tg_sk_nobody"), nothing)
    assert "nobody came in" not in repr(refused.value)

    async def unknown(client):
        with pytest.raises(MCPError) as refusal:
            await client.call_tool("no_such_tool", {})
        assert refusal.value.error.code == -32602

    as_tenant(new_tenant(), unknown)


def test_a_question_is_answered_before_anything_else_is_asked():
    """Without the list of tools, and several at once on one connection."""
    tenant = new_tenant()

    async def ask(client):
        questions = [f"Question {number}" for number in range(4)]
        results = await asyncio.gather(*[client.call_tool("ask", {"question": question}) for question in questions])
        assert [question in result.content[0].text for question, result in zip(questions, results)] == [True] * 4

    as_tenant(tenant, ask)
    assert eventually("all calls", lambda: len(vendor_calls(tenant)) == 4)
