// A TypeScript client made of the gate's own document: it compiles under `strict`, and does what a tenant's program does.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import openapiTS, { astToString } from 'openapi-typescript';
import { money, newTenant, skip, vendorCalls } from './gate.mjs';

const FOLDER = new URL('typed/', import.meta.url);
const MADE = new URL('made/', FOLDER);
const TSC = new URL('node_modules/typescript/bin/tsc', import.meta.url);
const SPEAKS = ['chat', 'speech'];
const { TOLLGATE_URL } = process.env;

describe('a typed client', { skip, timeout: 120_000 }, () => {
  let made;

  before(async () => {
    await mkdir(MADE, { recursive: true });
    const types = await openapiTS(new URL(`${TOLLGATE_URL}/v1/openapi.json`), { defaultNonNullable: false });
    await writeFile(new URL('gate.d.ts', MADE), astToString(types));
    const compiled = promisify(execFile)(process.execPath, [TSC.pathname, '--project', FOLDER.pathname]);
    // What the compiler has to say is on its standard output.
    await compiled.catch(({ stdout }) => assert.fail(stdout));
    made = await import(new URL('program.mjs', MADE));
  });

  after(() => rm(MADE, { recursive: true, force: true }));

  const program = (tenant) => made.program(TOLLGATE_URL, tenant.apiKey);

  test('opens a session, and talks in it and beside it', async () => {
    const tenant = await newTenant();
    const session = await program(tenant).open();
    assert.match(session.id, /^ses_/);
    assert.deepEqual(session.may, ['chat']);
    const inSession = program({ apiKey: session.token });
    assert.match(await inSession.chat('How is the harbour?'), /How is the harbour\?/);
    assert.equal((await vendorCalls(tenant)).length, 1);
  });

  test('asks before, settles after, and reads what that came to', async () => {
    const tenant = await newTenant({}, SPEAKS);
    const turn = await program(tenant).turn(100);
    assert.equal(turn.cost, 0.005);
    assert.equal(Number(turn.left), 25 - 0.005);
    const [month] = await program(tenant).usage();
    assert.deepEqual([month.scope, month.window, month.unit], ['tenant', 'month', 'usd']);
    assert.deepEqual({ settled: Number(month.settled), held: Number(month.held) }, await money(tenant));
    assert.equal(Number(month.settled), 0.005);
  });

  test('gets its errors as the document describes them', async () => {
    const tenant = await newTenant({ monthly_cost_usd: '0.001' }, SPEAKS);
    await assert.rejects(program(tenant).turn(100), ({ status, problem }) => {
      assert.deepEqual([status, problem.type, problem.code], [402, 'hard_cap', 'monthly_cap']);
      assert.deepEqual(problem.fallback, { mode: 'text', message: 'I am sleeping now' });
      return true;
    });
    await assert.rejects(program({ apiKey: 'tg_sk_unknown' }).usage(), ({ status, problem }) => {
      assert.deepEqual([status, problem.type], [401, 'unauthenticated']);
      return true;
    });
  });
});
