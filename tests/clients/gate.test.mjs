// OpenAI's JavaScript library, pointed at a gate. The cases are those of test_gate.py.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import OpenAI from 'openai';
import { client, entry, eventually, MODEL, money, newTenant, skip, vendorCalls } from './gate.mjs';

const ask = (content, rest = {}) => ({ model: MODEL, messages: [{ role: 'user', content }], ...rest });

const TOOLS = [{
  type: 'function',
  function: {
    name: 'tide',
    description: 'When the tide turns',
    parameters: { type: 'object', properties: { question: { type: 'string' } }, required: ['question'] },
  },
}];

describe('the official JavaScript library', { skip, timeout: 120_000 }, () => {
  test('an answer in one piece', async () => {
    const completion = await client().chat.completions.create(ask('How is the harbour?'));
    assert.equal(completion.object, 'chat.completion');
    assert.equal(completion.model, MODEL);
    const [{ message, finish_reason: reason }] = completion.choices;
    assert.equal(message.role, 'assistant');
    assert.match(message.content, /How is the harbour\?/);
    assert.equal(reason, 'stop');
    const { prompt_tokens: prompt, completion_tokens: answer, total_tokens: total } = completion.usage;
    assert.ok(prompt > 0 && answer > 0 && total === prompt + answer);
    assert.match(completion._request_id, /^req_/);
  });

  test('a stream, with the usage in its last chunk', async () => {
    const stream = await client().chat.completions.create(
      ask('Tell me', { stream: true, stream_options: { include_usage: true } }),
    );
    const [chunks, arrivals] = [[], []];
    for await (const chunk of stream) {
      chunks.push(chunk);
      arrivals.push(performance.now());
    }
    assert.match(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), /Tell me/);
    assert.deepEqual(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? []), ['stop']);
    const last = chunks.at(-1);
    assert.deepEqual(last.choices, []);
    assert.ok(last.usage.total_tokens > 0);
    assert.ok(chunks.slice(0, -1).every(({ usage }) => !usage), 'no usage before the last chunk');
    // The vendor speaks for most of a second; a gate that collected first would deliver all of it at once.
    assert.ok(arrivals.at(-1) - arrivals[0] > 300, `${chunks.length} chunks within ${arrivals.at(-1) - arrivals[0]} ms`);
  });

  test("the library's stream helper puts the answer together", async () => {
    const stream = client().chat.completions.stream(ask('Tell me'));
    const heard = [];
    stream.on('content', (delta) => heard.push(delta));
    const { choices: [choice] } = await stream.finalChatCompletion();
    assert.match(choice.message.content, /Tell me/);
    assert.equal(heard.join(''), choice.message.content);
  });

  test('the model of the tenant, and the list of models', async () => {
    const { model } = await client().chat.completions.create({ ...ask('Who are you?'), model: 'auto' });
    assert.equal(model, MODEL);
    const names = [];
    for await (const one of client().models.list()) names.push(one.id);
    assert.ok(names.includes('auto') && names.includes(MODEL), names.join(' '));
  });

  for (const streamed of [false, true]) {
    test(`a tool is called and its result goes back, ${streamed ? 'streamed' : 'in one piece'}`, async () => {
      const tenant = await newTenant();
      const { completions } = client(tenant).chat;
      const say = (messages) => {
        const request = { model: MODEL, messages, tools: TOOLS };
        return streamed ? completions.stream(request).finalChatCompletion() : completions.create(request);
      };
      const messages = [{ role: 'user', content: 'When does the tide turn? [[tool]]' }];
      const [first] = (await say(messages)).choices;
      assert.equal(first.finish_reason, 'tool_calls');
      const [call] = first.message.tool_calls;
      assert.deepEqual([call.type, call.function.name], ['function', 'tide']);
      assert.match(JSON.parse(call.function.arguments).question, /tide turn/);

      const result = { role: 'tool', tool_call_id: call.id, content: '{"turns":"14:20"}' };
      messages.push(first.message, result, { role: 'user', content: 'So, when?' });
      const [second] = (await say(messages)).choices;
      assert.equal(second.finish_reason, 'stop');
      assert.match(second.message.content, /So, when\?/);
      const sent = (await vendorCalls(tenant)).at(-1).body.messages;
      assert.deepEqual(sent.map(({ role }) => role), ['user', 'assistant', 'tool', 'user']);
      assert.equal(sent[1].tool_calls[0].id, sent[2].tool_call_id);
      assert.equal(sent[2].content, result.content);
    });
  }

  test("headers of the gate's own are read with the answer", async () => {
    const tenant = await newTenant();
    for (const rest of [{}, { stream: true }]) {
      const { data, response, request_id: requestId } = await client(tenant).chat.completions.create(ask('Hello', rest)).withResponse();
      const id = response.headers.get('x-limit-check-id');
      assert.match(id, /^lc_/);
      assert.match(requestId, /^req_/);
      assert.equal(response.headers.get('x-tollgate-provider'), 'openai');
      if (rest.stream) for await (const _chunk of data);
      const { unit_type: unit, units_consumed: units } = await eventually('the entry', () => entry(tenant, id).catch(() => null));
      assert.equal(unit, 'tokens');
      assert.ok(units > 0);
    }
  });

  test('a repeat with the same idempotency key is the first answer', async () => {
    const tenant = await newTenant();
    const repeat = (content) => client(tenant).chat.completions
      .create(ask(content), { headers: { 'Idempotency-Key': 'turn-1' } }).withResponse();
    const [first, second] = [await repeat('Hello'), await repeat('Hello')];
    assert.deepEqual(second.data, first.data);
    assert.equal(second.response.headers.get('x-limit-check-id'), first.response.headers.get('x-limit-check-id'));
    assert.equal((await vendorCalls(tenant)).length, 1);
    await refused(repeat('Something else'), OpenAI.ConflictError, { status: 409, type: 'conflict' });
  });

  test('a reader that leaves stops the vendor and pays for what it heard', async () => {
    const tenant = await newTenant();
    const { data: stream, response } = await client(tenant).chat.completions
      .create(ask('Go on [[slow]] [[long]]', { stream: true })).withResponse();
    let heard = 0;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content && (heard += 1) === 3) break;
    }
    assert.equal(heard, 3);
    const [call] = await eventually('the vendor to be left', async () => {
      const calls = await vendorCalls(tenant);
      return calls.some(({ aborted }) => aborted) && calls;
    });
    assert.equal(call.finished, false);
    const { settled } = await eventually('everything to be settled', async () => {
      const found = await money(tenant);
      return found.held === 0 && found.settled > 0 && found;
    });
    assert.equal(Number((await entry(tenant, response.headers.get('x-limit-check-id'))).cost_amount), settled);
  });

  test('an abort signal works before the answer and in the middle of it', async () => {
    const tenant = await newTenant();
    const create = (content, signal) => client(tenant).chat.completions.create(ask(content, { stream: true }), { signal });
    await assert.rejects(create('Hello [[delay:1500]]', AbortSignal.timeout(300)), OpenAI.APIUserAbortError);
    const leaving = new AbortController();
    const stream = await create('Go on [[slow]] [[long]]', leaving.signal);
    let heard = 0;
    for await (const _chunk of stream) if ((heard += 1) === 3) leaving.abort();
    assert.ok(heard < 20, `${heard} chunks`);
    await eventually('both permits to be settled', async () => {
      const { held, settled } = await money(tenant);
      return held === 0 && settled > 0;
    });
  });

  describe('refusals are errors of the library', () => {
    test('401', async () => {
      const unknown = client({ apiKey: 'tg_sk_unknown' });
      await refused(unknown.chat.completions.create(ask('Hello')), OpenAI.AuthenticationError, { status: 401, type: 'unauthenticated' });
      await refused(unknown.models.list(), OpenAI.AuthenticationError, { status: 401, type: 'unauthenticated' });
    });

    test('400 names the parameter', async () => {
      const say = (rest) => client().chat.completions.create(ask('Hello', rest));
      const expected = { status: 400, type: 'invalid_request' };
      await refused(say({ messages: [] }), OpenAI.BadRequestError, { ...expected, param: 'messages' });
      await refused(say({ model: 'no-such-model' }), OpenAI.BadRequestError, { ...expected, param: 'model', code: 'unpriced' });
      await refused(say({ max_completion_tokens: 0, stream: true }), OpenAI.BadRequestError, { ...expected, param: 'max_completion_tokens' });
    });

    test('402 at the cap, before the vendor is called', async () => {
      const tenant = await newTenant({ monthly_cost_usd: '0.000001' });
      for (const rest of [{}, { stream: true }]) {
        const call = client(tenant).chat.completions.create(ask('Hello', rest));
        const error = await refused(call, OpenAI.APIError, { status: 402, type: 'hard_cap', code: 'monthly_cap' });
        assert.deepEqual(error.error.fallback, { mode: 'text', message: 'I am sleeping now' });
      }
      assert.deepEqual(await vendorCalls(tenant), []);
    });

    test('429 with the time to wait', async () => {
      const tenant = await newTenant({ requests_per_minute: 1, request_burst: 1 });
      const { completions } = client(tenant).chat;
      await completions.create(ask('Hello'));
      const error = await refused(completions.create(ask('Hello')), OpenAI.RateLimitError, { status: 429, type: 'rate_limited' });
      assert.ok(Number(error.headers.get('retry-after')) > 0);
    });

    test('what is retried by itself after a 429 comes through', async () => {
      const tenant = await newTenant({ requests_per_minute: 60, request_burst: 1 });
      const { completions } = client(tenant, { maxRetries: 2 }).chat;
      for (let turn = 0; turn < 2; turn += 1) await completions.create(ask('Hello'));
      assert.equal((await vendorCalls(tenant)).length, 2);
    });
  });
});

/** The error of a call, once it is of this class and has these properties. */
async function refused(call, kind, expected) {
  const error = await Promise.resolve(call).then(() => assert.fail('not refused'), (reason) => reason);
  assert.ok(error instanceof kind, String(error));
  for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value, `${name} of ${error}`);
  assert.match(error.requestID, /^req_/);
  return error;
}
