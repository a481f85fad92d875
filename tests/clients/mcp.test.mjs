// The official MCP client for JavaScript, pointed at a gate. The cases are those of test_mcp.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { entry, eventually, money, newTenant, put, skip, vendorCalls } from './gate.mjs';

/** Works with a client that is connected as this tenant. */
async function connected({ apiKey }, work) {
  const client = new Client({ name: 'tollgate-client-tests', version: '1.0.0' });
  const url = new URL('/v1/mcp', process.env.TOLLGATE_URL);
  const transport = new StreamableHTTPClientTransport(url, {
    requestInit: { headers: { authorization: `Bearer ${apiKey}` } },
  });
  await client.connect(transport);
  try {
    return await work(client, transport);
  } finally {
    await client.close();
  }
}

const call = (client, name, args) => client.callTool({ name, arguments: args });

test('the two agree on a version, and the tools are there', { skip }, async () => {
  await connected(await newTenant(), async (client, transport) => {
    assert.equal(client.getServerVersion().name, 'tollgate');
    assert.equal(transport.protocolVersion, '2025-11-25');
    assert.equal(transport.sessionId, undefined);
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(({ name }) => name), ['ask', 'list_projects', 'start_run', 'get_run_status']);
    assert.ok(tools.every(({ inputSchema, outputSchema }) => inputSchema.type === 'object' && outputSchema));
    assert.deepEqual(await client.ping(), {});
  });
});

test('a question is answered, charged and in the log', { skip }, async () => {
  const tenant = await newTenant();
  await connected(tenant, async (client) => {
    // The client checks the answer against the tool's output schema, once it has the list.
    await client.listTools();
    const { isError, content, structuredContent } = await call(client, 'ask', { question: 'How is the harbour?' });
    assert.ok(!isError);
    assert.match(content[0].text, /How is the harbour\?/);
    assert.equal(structuredContent.answer, content[0].text);
    const found = await eventually('the entry', () => entry(tenant, structuredContent.limit_check_id).catch(() => null));
    assert.ok(found.units_consumed > 0);
  });
  await eventually('the money', async () => (await money(tenant)).settled > 0);
  assert.equal((await vendorCalls(tenant)).length, 1);
});

test('a project is listed, begun and looked at', { skip }, async () => {
  const tenant = await newTenant();
  const steps = [{ id: 'publish', gate: { title: 'Publish it?' } }];
  await put('/v1/projects/clips', tenant, { title: 'Harbour clips', steps });
  await connected(tenant, async (client) => {
    await client.listTools();
    const { projects } = (await call(client, 'list_projects', {})).structuredContent;
    assert.deepEqual(projects.map(({ id, title }) => [id, title]), [['clips', 'Harbour clips']]);
    const run = (await call(client, 'start_run', { project: 'clips', input: { scenes: [1, 2] } })).structuredContent;
    assert.match(run.id, /^run_/);
    const waiting = await eventually('the run to wait', async () => {
      const { structuredContent } = await call(client, 'get_run_status', { run_id: run.id });
      return structuredContent.status === 'waiting' && structuredContent;
    });
    assert.equal(waiting.gate.title, 'Publish it?');
    assert.match(waiting.gate.approval_url, /\/v1\/approvals\//);
    assert.deepEqual(waiting.input, { scenes: [1, 2] });
  });
});

test('what goes wrong in a tool is told to the model', { skip }, async () => {
  const check = async (tenant, name, args, type, code) => {
    await connected(tenant, async (client) => {
      await client.listTools();
      const { isError, content, _meta } = await call(client, name, args);
      assert.equal(isError, true);
      const error = _meta['tollgate/error'];
      assert.deepEqual([error.type, error.code], [type, code]);
      assert.ok(content[0].text.includes(error.message), content[0].text);
    });
  };
  const tenant = await newTenant();
  await check(tenant, 'ask', {}, 'invalid_request', 'invalid_arguments');
  await check(tenant, 'ask', { question: 'a', model: 'no-such-model' }, 'invalid_request', 'unpriced');
  await check(tenant, 'start_run', { project: 'nothing' }, 'invalid_request', 'invalid_request');
  await check(tenant, 'get_run_status', { run_id: 'run_1' }, 'not_found', 'not_found');
  assert.deepEqual(await vendorCalls(tenant), []);
  const poor = await newTenant({ monthly_cost_usd: '0.000001' });
  await check(poor, 'ask', { question: 'Hello' }, 'hard_cap', 'monthly_cap');
  assert.deepEqual(await vendorCalls(poor), []);
});

test('what goes wrong in the protocol is told to the program', { skip }, async () => {
  await assert.rejects(connected({ apiKey: 'tg_sk_nobody' }, () => assert.fail('nobody came in')), /unauthenticated|401|Unauthorized/);
  await connected(await newTenant(), async (client) => {
    await assert.rejects(call(client, 'no_such_tool', {}), { code: -32602 });
    await assert.rejects(client.request({ method: 'no/such/method' }, { parse: (any) => any }), { code: -32601 });
  });
});
