// The gate under test: clients that point at it, tenants of a test's own, and the gate's books.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import OpenAI from 'openai';

const { TOLLGATE_URL, TOLLGATE_ADMIN_KEY, TOLLGATE_SECRET_KEY, MOCK_VENDORS_URL } = process.env;

export const MODEL = 'gpt-5.4-mini';

export const skip = TOLLGATE_URL && TOLLGATE_ADMIN_KEY && TOLLGATE_SECRET_KEY && MOCK_VENDORS_URL
  ? false
  : 'no gate is named; `cargo xtask test --only clients` starts one';

/** OpenAI's client as a tenant's server would make it: only the address and the key are other ones. */
export function client({ apiKey } = { apiKey: TOLLGATE_SECRET_KEY }, options = {}) {
  return new OpenAI({ baseURL: `${TOLLGATE_URL}/v1`, apiKey, maxRetries: 0, timeout: 20_000, ...options });
}

/** A tenant with limits of its own, bound to the mock vendor by a key that nobody else has. */
export async function newTenant(limits = {}, capabilities = ['chat']) {
  const id = `client-${randomUUID()}`;
  const made = await admin('POST', '/v1/tenants', {
    id, company: id, display_name: 'Client', allowed_origins: [], channels: ['portal'], capabilities,
    consent_required: true, fallback_message: 'I am sleeping now',
    limits: { monthly_cost_usd: '25.00', burst: 50, queue_wait_ms: 0, requests_per_minute: 600, request_burst: 100, ...limits },
    vendors: { chat: { provider: 'openai', model: MODEL } },
  });
  const vendorKey = `sk-${id}`;
  const binding = { mode: 'mock', base_url: `${MOCK_VENDORS_URL}/openai/v1`, secret: vendorKey, options: {} };
  await admin('PUT', `/v1/tenants/${id}/vendors/openai`, binding);
  return { apiKey: made.secret_key ?? made.keys.secret_key, vendorKey };
}

/** What the vendor saw of a tenant. */
export async function vendorCalls({ vendorKey }) {
  const calls = await json(await fetch(`${MOCK_VENDORS_URL}/control/calls`));
  return calls.filter((call) => call.key === vendorKey);
}

/** This month's money of a tenant, in dollars. */
export async function money({ apiKey }) {
  const { windows } = await get('/v1/usage', apiKey);
  const { settled, held } = windows.find(({ scope, unit }) => scope === 'tenant' && unit === 'usd');
  return { settled: Number(settled), held: Number(held) };
}

/** The log's entry of a permit. */
export const entry = ({ apiKey }, limitCheckId) => get(`/v1/audit/entries/${limitCheckId}`, apiKey);

/** Something that is the tenant's own. */
export const put = (path, { apiKey }, body) => send('PUT', path, apiKey, body);

/** Asks until `look` finds something. */
export async function eventually(what, look) {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail(`waited in vain for ${what}`);
}

const get = async (path, key) => json(await fetch(TOLLGATE_URL + path, { headers: { authorization: `Bearer ${key}` } }));

const admin = (method, path, body) => send(method, path, TOLLGATE_ADMIN_KEY, body);

async function send(method, path, key, body) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return json(await fetch(TOLLGATE_URL + path, { method, headers, body: JSON.stringify(body) }));
}

async function json(response) {
  const text = await response.text();
  assert.ok(response.ok, `${response.url} answered ${response.status}: ${text}`);
  return text ? JSON.parse(text) : null;
}
