// What the console's fake gate knows: ten thousand tenants, ninety days, sessions, dead letters. Made by arithmetic, so that
// every run sees the same.

const DAY = 86_400_000;
export const NOW = Date.parse('2026-11-21T14:03:22Z');
export const ADMIN_KEY = 'admin-key-of-the-fake';
export const SECRET_KEY = 'tg_sk_of_the_fake';
export const OWN = 'harbour-radio';

const WORDS = ['amber', 'basin', 'cedar', 'delta', 'ember', 'fjord', 'grove', 'heron', 'inlet', 'juniper'];
const LONG = 'The very long name of a tenant that somebody typed in full, Department of Maritime Entertainment and Public Affairs';

const iso = (ms) => new Date(ms).toISOString();
export const isoDay = (ms) => iso(ms).slice(0, 10);

/** The tenants, in the order of their making. The first is the one whose secret key there is. */
export function tenants(total) {
  return Array.from({ length: total }, (_, n) => tenant(n));
}

function tenant(n) {
  const id = n === 0 ? OWN : `${WORDS[n % 10]}-${String(n).padStart(5, '0')}`;
  const spec = {
    id,
    company: n % 7 === 0 ? 'saltline-broadcasting' : `company-${n % 40}`,
    display_name: n === 3 ? LONG : `${id.replaceAll('-', ' ')} host`,
    allowed_origins: ['https://www.example.com', 'https://shop.example.com'],
    channels: ['widget', 'portal'],
    capabilities: ['chat', 'speech', 'video'],
    end_user_auth: null,
    minimum_age: n % 3 === 0 ? 21 : null,
    consent_required: n % 3 === 0,
    limits:
      n % 11 === 5
        ? {}
        : {
            monthly_cost_usd: '25.00',
            daily_units: { seconds: 3600, tokens: 200_000 },
            burst: 50,
            queue_wait_ms: 0,
            requests_per_minute: 60,
            request_burst: 10,
          },
    ladder: n % 11 === 5 ? { throttle_at: null, text_only_at: null } : { throttle_at: 0.8, text_only_at: 0.95 },
    fallback_message: 'I am sleeping now',
    vendors: { chat: { provider: 'openai', model: 'gpt-5.4-mini' }, speech: { provider: 'cartesia' }, video: { provider: 'tavus' } },
    routes: {
      auto: {
        rungs: [
          { provider: 'openai', model: 'gpt-5.4-mini' },
          { provider: 'anthropic', model: 'claude-haiku-4-5' },
        ],
      },
    },
  };
  return spec;
}

const usd = (nanos) =>
  `${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0{1,7}$/, '')}`;

/** A tenant's usage; every third is far along the ladder. */
export function usage({ id, company, limits }, n) {
  const cap = limits.monthly_cost_usd ?? null;
  const part = [3n, 42n, 83n, 97n, 100n][n % 5];
  const settled = 250_000_000n * part - (part === 100n ? 0n : BigInt(n % 97) * 1_237n);
  const held = part < 97n ? 312_400_000n : 0n;
  const left = cap === null ? null : 25_000_000_000n - settled - held;
  const month = { window: 'month', period: '2026-11', unit: 'usd' };
  const windows = [
    {
      scope: 'tenant',
      ...month,
      cap,
      settled: usd(settled),
      held: usd(held),
      remaining: left === null ? null : usd(left > 0n ? left : 0n),
    },
    {
      scope: 'company',
      ...month,
      cap: n % 7 === 0 ? '1000.00' : null,
      settled: usd(settled * 7n),
      held: usd(held),
      remaining: n % 7 === 0 ? usd(1_000_000_000_000n - settled * 7n - held) : null,
    },
  ];
  for (const [unit, most] of Object.entries(limits.daily_units ?? {})) {
    const used = Math.floor(most * 0.37) + (n % 13);
    windows.push({
      scope: 'tenant',
      window: 'day',
      period: '2026-11-21',
      unit,
      cap: most,
      settled: used,
      held: 30,
      remaining: most - used - 30,
    });
  }
  return {
    tenant_id: id,
    company,
    at: iso(NOW),
    windows,
    open: { cap: limits.burst ?? null, held: n % 9 },
    by_capability: { chat: { entries: 15, cost_usd: '1.00', units: { tokens: 900 } } },
  };
}

/** The sums per day; `scale` makes the deployment's of a tenant's. */
export function days(from, to, scale, empty = false) {
  const found = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY) found.push(oneDay(at, scale, empty));
  return found;
}

function oneDay(at, scale, empty) {
  const n = Math.floor(at / DAY);
  const wave = BigInt(40 + ((n * 37) % 53) + ([0, 6].includes(new Date(at).getUTCDay()) ? -25 : 20));
  if (empty) return { day: isoDay(at), cost_usd: '0.00', entries: 0, by_capability: {}, denials: {} };
  const costs = {
    chat: wave * 11_400_250n,
    speech: wave * 4_100_000n,
    video: wave * 7_733_331n,
    ...(n % 4 === 0 ? { context: 1_250_000n } : {}),
    ...(n % 9 === 0 ? { jobs: 92_000_000n } : {}),
  };
  const parts = Object.fromEntries(
    Object.entries(costs).map(([name, cost]) => [
      name,
      { entries: Number(wave) * scale, cost_usd: usd(cost * BigInt(scale)), units: scale === 1 ? { tokens: 900 } : {} },
    ]),
  );
  const sum = Object.values(costs).reduce((all, one) => all + one * BigInt(scale), 0n);
  return {
    day: isoDay(at),
    cost_usd: usd(sum),
    entries: Number(wave) * scale * Object.keys(costs).length,
    by_capability: parts,
    denials: {
      burst: n % 5,
      monthly_cap: n % 3 === 0 ? 14 : 0,
      requests_per_minute: n % 2,
      daily_seconds: n % 7 === 0 ? 3 : 0,
      text_only: 1,
    },
  };
}

/** Sessions, the newest first; every eighth is still open. */
export function sessions(total, all) {
  return Array.from({ length: total }, (_, n) => {
    const owner = all[(n * 7) % Math.min(all.length, 50)];
    const began = NOW - n * 47_000;
    const open = n % 8 === 0;
    return {
      id: `ses_01K${String(n).padStart(9, '0')}XQZ`,
      tenant_id: owner.id,
      company: owner.company,
      channel: ['widget', 'portal', 'landing'][n % 3],
      capabilities: ['chat', 'speech', 'video'].slice(0, 1 + (n % 3)),
      module: n % 5 === 0 ? 'casino' : null,
      origin: n % 4 ? 'https://www.example.com' : null,
      state: open ? 'open' : 'ended',
      created_at: iso(began),
      expires_at: iso(began + 3_600_000),
      ended_at: open ? null : iso(began + 190_000),
      end_reason: open ? null : ['visitor', 'missed_ticks', 'expired'][n % 3],
      last_tick_due: open ? iso(NOW + 9_000) : null,
    };
  });
}

export function deadLetters(total, all) {
  return Array.from({ length: total }, (_, n) => ({
    id: `evt_${String(9_000 - n).padStart(4, '0')}`,
    tenant: all[n % 20].id,
    provider: ['tavus', 'runway', 'generic'][n % 3],
    name: n % 4 === 3 ? null : 'conversation.ended',
    reason: [
      'The permit is another tenant’s.',
      'The adapter can’t read it: missing field `conversation_id` at line 1 column 204',
      'no such permit',
    ][n % 3],
    at: iso(NOW - n * 3_700_000),
    attempts: 1 + (n % 6),
  }));
}

export function eventDeadLetters(total) {
  return Array.from({ length: total }, (_, n) => ({
    id: `msg_${String(n).padStart(4, '0')}`,
    type: ['limit.denied', 'session.ended', 'job.done'][n % 3],
    timestamp: iso(NOW - n * 900_000),
    data: { session_id: `ses_${n}` },
    attempts: 7,
    reason: n % 2 ? 'the server answered 500' : 'nobody answered within 10 s',
    died_at: iso(NOW - n * 900_000 + 30_000),
  }));
}

export function snapshot(all, empty) {
  return {
    version: '1.0',
    timestamp_utc: iso(NOW),
    orchestration: { runs_ok: empty ? 0 : 41, runs_fail: empty ? 0 : 2, p95_ms: 4.2 },
    models: empty
      ? {}
      : {
          gpt: { calls: 1812, ok: 1790, fail: 22, p95_ms: 1210, mean_ms: 640, share: 0.71 },
          claude: { calls: 740, ok: 740, fail: 0, p95_ms: 980, mean_ms: 512, share: 0.29 },
        },
    revenue_proxy: { checkout_success_rate: null },
    compliance: { age_gate_pass: true, coa_pass: null },
    workflow_coverage: { defined: null, verified: null, target: 25 },
    infra: { drift: null },
    risk_flags: empty ? [] : ['R4', 'R5', 'breakers_open', 'dead_letters'],
    tollgate: {
      version: '0.1.0',
      tenants: all.length,
      twins: empty ? 0 : 312,
      sessions: empty ? 0 : 1204,
      permits: empty ? 0 : 88,
      held_usd: empty ? '0.00' : '14.204',
      settled_usd: empty ? '0.00' : '184209.120044',
      denials: empty ? {} : { burst: 204, monthly_cap: 91 },
      log: { tree_size: empty ? 0 : 1_004_218 },
      checks: empty ? {} : { 'age-gate': 'pass', certificates: 'unknown', drift: 'fail' },
    },
  };
}

const VENDORS = [
  ['anthropic', ['chat'], ['claude-haiku-4-5', 'claude-sonnet-4-5']],
  ['cartesia', ['speech'], ['sonic-3']],
  ['deepseek', ['chat'], ['deepseek-chat']],
  ['elevenlabs', ['speech'], ['eleven_turbo_v2_5', 'eleven_multilingual_v2', 'eleven_flash_v2_5']],
  ['generic', ['jobs', 'messages'], []],
  ['google', ['chat', 'speech'], ['gemini-3-flash']],
  ['livekit', ['realtime'], []],
  ['openai', ['chat', 'speech'], ['gpt-5.4-mini', 'gpt-5.4', 'gpt-4.1-mini']],
  ['runway', ['jobs'], ['gen4_turbo']],
  ['tavus', ['video'], ['phoenix-3']],
];
export const vendors = () =>
  VENDORS.map(([vendor, capabilities, models]) => ({
    vendor,
    capabilities,
    models,
    base_url: vendor === 'generic' ? '' : `https://api.${vendor}.example/v1`,
    list_prices: [],
  }));

export function health(status = 'ok') {
  return {
    status,
    decisions: 64,
    success_rate: status === 'failing' ? 0.41 : 0.984375,
    fallback_rate: status === 'ok' ? 0 : 0.3125,
    decision_us: { p50: 210, p95: 804 },
    candidates: [
      { id: 'openai/gpt-5.4-mini', calls: 60, failures: status === 'ok' ? 0 : 19, latency_ms: 642 },
      { id: 'anthropic/claude-haiku-4-5', calls: 4, failures: 0, latency_ms: null },
    ],
  };
}

export const METRICS = `# HELP tollgate_breakers_open x
# TYPE tollgate_breakers_open gauge
tollgate_breakers_open{vendor="openai"} 3
tollgate_breakers_open{vendor="tavus"} 0
tollgate_tenants 10000
`;
