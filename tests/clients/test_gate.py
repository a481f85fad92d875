"""OpenAI's Python library, pointed at a gate. The cases are those of gate.test.mjs, and the library's other ways."""

import asyncio
import json
import time
from contextlib import contextmanager

import openai
import pytest

import gate
from gate import MODEL, async_client, client, entry, eventually, new_tenant, settled, vendor_calls

pytestmark = pytest.mark.skipif(
    not gate.is_named, reason="no gate is named; `cargo xtask test --only clients` starts one"
)

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "tide",
            "description": "When the tide turns",
            "parameters": {"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]},
        },
    }
]


def ask(content, **rest):
    return {"model": MODEL, "messages": [{"role": "user", "content": content}], **rest}


def text_of(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_an_answer_in_one_piece():
    completion = client().chat.completions.create(**ask("How is the harbour?"))
    assert (completion.object, completion.model) == ("chat.completion", MODEL)
    (choice,) = completion.choices
    assert (choice.message.role, choice.finish_reason) == ("assistant", "stop")
    assert "How is the harbour?" in choice.message.content
    usage = completion.usage
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert completion._request_id.startswith("req_")


def test_a_stream_with_the_usage_in_its_last_chunk():
    request = ask("Tell me", stream=True, stream_options={"include_usage": True})
    chunks, arrivals = [], []
    for chunk in client().chat.completions.create(**request):
        chunks.append(chunk)
        arrivals.append(time.monotonic())
    assert "Tell me" in text_of(chunks)
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    assert [reason for reason in reasons if reason] == ["stop"]
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])
    # The vendor speaks for most of a second; a gate that collected first would deliver all of it at once.
    assert arrivals[-1] - arrivals[0] > 0.3


def test_the_librarys_stream_helper_puts_the_answer_together():
    with client().chat.completions.stream(**ask("Tell me")) as stream:
        heard = "".join(event.delta for event in stream if event.type == "content.delta")
        message = stream.get_final_completion().choices[0].message
    assert "Tell me" in message.content
    assert heard == message.content


def test_the_async_client_in_one_piece_and_streamed():
    async def talk():
        async with async_client() as asking:
            # At the same time, on one connection pool.
            whole, stream = await asyncio.gather(
                asking.chat.completions.create(**ask("One")),
                asking.chat.completions.create(**ask("Two", stream=True)),
            )
            return whole.choices[0].message.content, text_of([chunk async for chunk in stream])

    whole, streamed = asyncio.run(talk())
    assert "One" in whole and "Two" in streamed


def test_the_model_of_the_tenant_and_the_list_of_models():
    assert client().chat.completions.create(**ask("Who are you?") | {"model": "auto"}).model == MODEL
    names = [model.id for model in client().models.list()]
    assert "auto" in names and MODEL in names


@pytest.mark.parametrize("streamed", [False, True], ids=["in one piece", "streamed"])
def test_a_tool_is_called_and_its_result_goes_back(streamed):
    tenant = new_tenant()

    def say(messages):
        completions = client(tenant).chat.completions
        request = {"model": MODEL, "messages": messages, "tools": TOOLS}
        if not streamed:
            return completions.create(**request).choices[0]
        with completions.stream(**request) as stream:
            return stream.get_final_completion().choices[0]

    messages = [{"role": "user", "content": "When does the tide turn? [[tool]]"}]
    first = say(messages)
    assert first.finish_reason == "tool_calls"
    (call,) = first.message.tool_calls
    assert (call.type, call.function.name) == ("function", "tide")
    assert "tide turn" in json.loads(call.function.arguments)["question"]

    called = {"name": call.function.name, "arguments": call.function.arguments}
    messages += [
        {"role": "assistant", "tool_calls": [{"id": call.id, "type": "function", "function": called}]},
        {"role": "tool", "tool_call_id": call.id, "content": '{"turns":"14:20"}'},
        {"role": "user", "content": "So, when?"},
    ]
    second = say(messages)
    assert second.finish_reason == "stop" and "So, when?" in second.message.content
    sent = vendor_calls(tenant)[-1]["body"]["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool", "user"]
    assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"]
    assert sent[2]["content"] == '{"turns":"14:20"}'


@pytest.mark.parametrize("rest", [{}, {"stream": True}], ids=["in one piece", "streamed"])
def test_headers_of_the_gates_own_are_read_with_the_answer(rest):
    tenant = new_tenant()
    raw = client(tenant).chat.completions.with_raw_response.create(**ask("Hello", **rest))
    assert raw.headers["x-limit-check-id"].startswith("lc_")
    assert raw.headers["x-tollgate-provider"] == "openai"
    assert raw.request_id.startswith("req_")
    answer = raw.parse()
    assert text_of(answer) if rest else answer.choices[0].message.content
    settled(tenant)
    logged = entry(tenant, raw.headers["x-limit-check-id"])
    assert logged["unit_type"] == "tokens" and logged["units_consumed"] > 0


def test_with_streaming_response_reads_the_wire_line_by_line():
    completions = client().chat.completions
    with completions.with_streaming_response.create(**ask("Tell me", stream=True)) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-limit-check-id"].startswith("lc_")
        lines = [line for line in response.iter_lines() if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"


def test_a_repeat_with_the_same_idempotency_key_is_the_first_answer():
    tenant = new_tenant()

    def say(content):
        completions = client(tenant).chat.completions
        return completions.with_raw_response.create(**ask(content), extra_headers={"Idempotency-Key": "turn-1"})

    first, second = say("Hello"), say("Hello")
    assert second.parse() == first.parse()
    assert second.headers["x-limit-check-id"] == first.headers["x-limit-check-id"]
    assert len(vendor_calls(tenant)) == 1
    with refused(openai.ConflictError, status_code=409, type="conflict"):
        say("Something else")


def leave_at_the_third_word(tenant, request):
    raw = client(tenant).chat.completions.with_raw_response.create(**request)
    heard = 0
    with raw.parse() as stream:
        for chunk in stream:
            heard += bool(text_of([chunk]))
            if heard == 3:
                break
    return raw.headers["x-limit-check-id"]


async def leave_at_the_third_word_async(tenant, request):
    async with async_client(tenant) as asking:
        raw = await asking.chat.completions.with_raw_response.create(**request)
        heard = 0
        async with raw.parse() as stream:
            async for chunk in stream:
                heard += bool(text_of([chunk]))
                if heard == 3:
                    break
    return raw.headers["x-limit-check-id"]


@pytest.mark.parametrize("kind", ["blocking", "async"])
def test_a_reader_that_leaves_stops_the_vendor_and_pays_for_what_it_heard(kind):
    tenant = new_tenant()
    request = ask("Go on [[slow]] [[long]]", stream=True)
    if kind == "async":
        permit = asyncio.run(leave_at_the_third_word_async(tenant, request))
    else:
        permit = leave_at_the_third_word(tenant, request)

    def left():
        return [call for call in vendor_calls(tenant) if call["aborted"]]

    (call,) = eventually("the vendor to be left", left)
    assert not call["finished"]
    paid = settled(tenant)
    assert float(entry(tenant, permit)["cost_amount"]) == paid


@contextmanager
def refused(kind, **expected):
    """Expects an error of this class with these properties."""
    with pytest.raises(kind) as caught:
        yield caught
    assert {name: getattr(caught.value, name) for name in expected} == expected
    assert caught.value.request_id.startswith("req_")


def test_401_is_an_authentication_error():
    unknown = client(gate.Tenant("tg_sk_unknown"))
    with refused(openai.AuthenticationError, status_code=401, type="unauthenticated"):
        unknown.chat.completions.create(**ask("Hello"))
    with refused(openai.AuthenticationError, status_code=401, type="unauthenticated"):
        unknown.models.list()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"messages": []}, {"param": "messages"}),
        ({"model": "no-such-model"}, {"param": "model", "code": "unpriced"}),
        ({"max_completion_tokens": 0, "stream": True}, {"param": "max_completion_tokens"}),
    ],
    ids=["messages", "model", "max_completion_tokens"],
)
def test_400_names_the_parameter(change, expected):
    with refused(openai.BadRequestError, status_code=400, type="invalid_request", **expected):
        client().chat.completions.create(**ask("Hello") | change)


@pytest.mark.parametrize("rest", [{}, {"stream": True}], ids=["in one piece", "streamed"])
def test_402_at_the_cap_before_the_vendor_is_called(rest):
    tenant = new_tenant(monthly_cost_usd="0.000001")
    with refused(openai.APIStatusError, status_code=402, type="hard_cap", code="monthly_cap") as caught:
        client(tenant).chat.completions.create(**ask("Hello", **rest))
    assert caught.value.body["fallback"] == {"mode": "text", "message": "I am sleeping now"}
    assert vendor_calls(tenant) == []


def test_429_with_the_time_to_wait():
    completions = client(new_tenant(requests_per_minute=1, request_burst=1)).chat.completions
    completions.create(**ask("Hello"))
    with refused(openai.RateLimitError, status_code=429, type="rate_limited") as caught:
        completions.create(**ask("Hello"))
    assert int(caught.value.response.headers["retry-after"]) > 0


def test_what_is_retried_by_itself_after_a_429_comes_through():
    tenant = new_tenant(requests_per_minute=60, request_burst=1)
    completions = client(tenant, max_retries=2).chat.completions
    for _ in range(2):
        completions.create(**ask("Hello"))
    assert len(vendor_calls(tenant)) == 2
