// The widget's parts that need no browser: the event parser at every cut, money, states, room addresses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, recent } from '../../widget/src/chat.js';
import { GateError, refusal } from '../../widget/src/gate.js';
import { Budget, formatSeconds, formatUsd, parseNanos } from '../../widget/src/meter.js';
import { SseParser } from '../../widget/src/sse.js';
import { backoff, TRIES } from '../../widget/src/backoff.js';
import { isLeftward, languageOf, speaker, translate } from '../../widget/src/words.js';
import de from '../../widget/src/words/de.js';
import en from '../../widget/src/words/en.js';
import es from '../../widget/src/words/es.js';
import { STATES, stateOfMode, stateOfRefusal } from '../../widget/src/states.js';
import { roomUrl } from '../../widget/src/video.js';

const bytes = (text) => new TextEncoder().encode(text);

test('a stream reads the same wherever it is cut', () => {
  const check = (text, want) => {
    const all = bytes(text);
    for (let size = 1; size <= all.length; size += 1) {
      const parser = new SseParser();
      const got = [];
      for (let at = 0; at < all.length; at += size) got.push(...parser.push(all.subarray(at, at + size)));
      got.push(...parser.push());
      assert.deepEqual(got, want, `${JSON.stringify(text)} in pieces of ${size}`);
    }
  };
  check('data: a\n\ndata: b\n\n', ['a', 'b']);
  check('data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']);
  check('data: a\r\rdata: b\r\r', ['a', 'b']);
  check('data: a\n\r\ndata: b\r\n\n', ['a', 'b']);
  check('\ufeffdata: héllo ⛵ 🌊\n\n', ['héllo ⛵ 🌊']);
  check('data: one\ndata: two\ndata:\n\n', ['one\ntwo\n']);
  check(': comment\nevent: ping\ndata:  spaced\nid: 7\nretry: 1\n\n', [' spaced']);
  check('data\n\n', ['']);
  check('event: lonely\n\ndata: next\n\n', ['next']);
  check('data: unfinished', []);
  check('data: unfinished\n', []);
  check('nonsense: x\nno colon\n\n', []);
});

test('an event without end is given up', () => {
  const parser = new SseParser();
  assert.throws(() => {
    for (let i = 0; i < 40; i += 1) parser.push(bytes(`data: ${'x'.repeat(50_000)}\n`));
  }, /too large/);
});

const stream = (text, type = 'text/event-stream') => new Response(text, { headers: { 'content-type': type } });
async function collect(response) {
  let text = '';
  for await (const piece of answerOf(response)) text += piece;
  return text;
}

test('answers are read, and breaks are told from ends', async () => {
  const piece = (content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
  assert.equal(await collect(stream(`${piece('a')}${piece('b')}data: {"choices":[],"usage":{}}\n\ndata: [DONE]\n\n`)), 'ab');
  assert.equal(await collect(stream(`${piece('a')}data: [DONE]\n\n${piece('late')}`)), 'a');
  assert.equal(await collect(stream('{"choices":[{"message":{"content":"whole"}}]}', 'application/json')), 'whole');
  await assert.rejects(collect(stream(piece('a'))), { name: 'GateError', type: 'vendor_error' });
  await assert.rejects(collect(stream('data: {"error":{"type":"vendor_error","message":"gone"}}\n\n')), { message: 'gone', type: 'vendor_error' });
  await assert.rejects(collect(stream('data: {rubbish\n\n')), { name: 'GateError' });
});

test('only the newest turns are sent', () => {
  const history = Array.from({ length: 30 }, (_, i) => ({ role: 'user', content: String(i) }));
  assert.equal(recent(history).length, 20);
  assert.deepEqual(recent(history, 1), [{ role: 'user', content: '29' }]);
});

test('money is read and shown without a float', () => {
  const check = (text, nanos, shown) => {
    assert.equal(parseNanos(text), nanos, String(text));
    if (nanos !== null) assert.equal(formatUsd(nanos), shown, String(text));
  };
  check('25.00', 25_000_000_000n, '$25.00');
  check('0.045', 45_000_000n, '$0.045000');
  check('0.0000004', 400n, '$0.000000');
  check('0', 0n, '$0.00');
  check('-0.5', -500_000_000n, '-$0.500000');
  check(12, 12_000_000_000n, '$12.00');
  check('9007199254.740993001', 9007199254740993001n, '$9,007,199,254.74');
  check('1.2.3', null);
  check('abc', null);
  check(null, null);
  check('1e3', null);
});

test('the budget counts what goes down and forgives what comes back', () => {
  const budget = new Budget();
  assert.equal(budget.reading(), null);
  const check = (usd, seconds, want) => {
    budget.update({ cost_usd: usd, seconds });
    assert.deepEqual(budget.reading('en'), want);
  };
  check('10.00', 120, { left: '$10.0000', used: '$0.00', seconds: '2:00', percent: 100 });
  check('9.00', 60, { left: '$9.0000', used: '$1.00', seconds: '1:00', percent: 90 });
  check('9.50', 60, { left: '$9.5000', used: '$1.00', seconds: '1:00', percent: 95 });
  check('9.00', null, { left: '$9.0000', used: '$1.50', seconds: '1:00', percent: 90 });
  check('0', 0, { left: '$0.0000', used: '$10.50', seconds: '0:00', percent: 0 });
  const uncapped = new Budget();
  uncapped.update({ cost_usd: null, seconds: null });
  assert.equal(uncapped.reading(), null);
  assert.match(formatUsd(24_998_700_000n, 'de', 4), /^24,9987\s\$$/, 'as the language writes it');
  assert.equal(formatSeconds(3725), '1:02:05');
  assert.equal(formatSeconds(-4), '0:00');
});

test('refusals lead to their states', () => {
  const check = (fields, capability, state, message) => {
    const next = stateOfRefusal({ ...new GateError(fields), capability });
    assert.equal(next?.state ?? null, state, JSON.stringify(fields));
    if (state) assert.ok(STATES[state], state);
    if (message) assert.equal(next.said, message);
  };
  const asleep = { mode: 'text', message: 'I am sleeping now' };
  check({ status: 401 }, 'chat', 'ended');
  check({ status: 401 }, 'session', 'denied');
  check({ status: 403 }, 'session', 'denied');
  check({ status: 404 }, 'session', null);
  check({ status: 402, fallback: asleep }, 'session', 'denied');
  check({ status: 402, fallback: asleep }, 'chat', 'denied', 'I am sleeping now');
  check({ status: 402, fallback: asleep }, 'video', 'text-only', 'I am sleeping now');
  check({ status: 402, fallback: { mode: 'offline', message: 'no' } }, 'video', 'denied', 'no');
  check({ status: 403 }, 'chat', 'denied');
  check({ status: 403 }, 'video', null);
  check({ status: 429, retryAfterS: 7 }, 'chat', 'busy');
  check({ status: 503, fallback: { mode: 'offline', message: 'closed' } }, 'speech', 'offline', 'closed');
  check({ status: 0 }, 'chat', 'offline');
  check({ status: 502 }, 'chat', null);
  check({ status: 500 }, 'chat', null);
  assert.equal(stateOfRefusal(new GateError({ status: 429, retryAfterS: 7 })).waitS, 7);
  assert.equal(stateOfRefusal(new GateError({ status: 429 })).waitS, 5);
});

test('modes lead to their states', () => {
  assert.equal(stateOfMode('full'), 'ready');
  assert.equal(stateOfMode(undefined), 'ready');
  assert.equal(stateOfMode('text'), 'text-only');
  assert.equal(stateOfMode('full', { decision: 'downgrade' }), 'text-only');
  assert.equal(stateOfMode('throttled'), 'throttled');
  assert.equal(stateOfMode('full', { decision: 'allow', throttled: true }), 'throttled', 'as the gate says it');
  assert.equal(stateOfMode('mock'), null);
  assert.equal(stateOfMode('mock', { decision: 'downgrade' }), 'text-only');
});

test('a refusal is read, also when a proxy wrote it', async () => {
  const ours = await refusal(new Response(
    '{"error":{"type":"burst","code":"burst","message":"m","request_id":"req_1","fallback":{"mode":"text","message":"f"}}}',
    { status: 429, headers: { 'retry-after': '12' } }));
  assert.deepEqual([ours.status, ours.type, ours.retryAfterS, ours.requestId, ours.fallback.message], [429, 'burst', 12, 'req_1', 'f']);
  const theirs = await refusal(new Response('<h1>502</h1>', { status: 502, headers: { 'retry-after': 'Fri, 01 Jan 2027' } }));
  assert.deepEqual([theirs.status, theirs.type, theirs.retryAfterS], [502, 'vendor_error', null]);
});

test('only a safe address is a room', () => {
  const check = (text, ok) => assert.equal(roomUrl(text) !== null, ok, String(text));
  check('https://rooms.example/a?b=c', true);
  check('http://127.0.0.1:9000/room', true);
  check('http://rooms.example/a', false);
  check('javascript:alert(1)', false);
  check('data:text/html,x', false);
  check('/relative', false);
  check(undefined, false);
});

test('prx_1: a lost line is tried again ever later, and not for ever', () => {
  const waits = Array.from({ length: TRIES + 2 }, (_, failures) => backoff(failures, () => 1));
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 32_000, 32_000, 32_000, 32_000, null, null]);
  assert.equal(backoff(3, () => 0), 4_000, 'a crowd spreads over half the time');
});

test('every language says everything, with the same places to fill', () => {
  const places = (text) => (text.match(/\{\w+\}/g) ?? []).sort().join();
  for (const [name, words] of Object.entries({ es, de })) {
    assert.deepEqual(Object.keys(words), Object.keys(en), name);
    for (const key of Object.keys(en)) {
      assert.equal(places(words[key]), places(en[key]), `${name} ${key}`);
      assert.doesNotMatch(words[key], /\|/, 'the build joins words by bars');
    }
  }
  for (const state of Object.keys(STATES)) assert.ok(en[state], state);
});

test('words are found by language, and a page may bring its own', () => {
  const check = (wanted, language) => assert.equal(languageOf(wanted), language, String(wanted));
  check(['de-AT'], 'de');
  check(['ES'], 'es');
  check(['fr', 'de'], 'de');
  check(['constructor'], 'en');
  check(['fr'], 'en');
  check([], 'en');
  translate('fr', { send: 'Envoyer', age: 'Avez-vous {years} ans ?' });
  translate('es-MX', { send: 'Mandar' });
  check(['fr-CA'], 'fr');
  check(['es-mx'], 'es-mx');
  assert.equal(speaker('fr', {}, 'Juna')('age', { years: 21 }), 'Avez-vous 21 ans ?');
  assert.equal(speaker('fr', {}, 'Juna')('talk'), 'Talk to Juna', 'what a language lacks is said in English');
  assert.equal(speaker('es-mx', {})('send'), 'Mandar');
  assert.equal(speaker('es-mx', {})('listen'), 'Escuchar');
  assert.equal(speaker('de', { send: 'Ab damit' })('send'), 'Ab damit');
  assert.throws(() => translate('en_US', {}), RangeError);
  assert.deepEqual(['ar', 'he-il', 'fa', 'de', 'arn'].map(isLeftward), [true, true, true, false, false]);
});
