// Speech and video: heard, interrupted, joined and left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STRICT } from './fake-gate.mjs';
import { picture } from './harness.mjs';
import { ANSWER, pause, stage, until } from './support.mjs';

const it = stage();
const { gate, visit } = it;

test('an answer can be heard', async () => {
  const { widget } = await visit({ audioFrames: 40 });
  await widget.say('Who wins?');
  await widget.answer(2);
  const listen = widget.part('listen');
  await listen.click();
  await until('the voice starts', async () => (await listen.textContent()) === 'Stop');
  await until('the voice is heard to its end', async () => (await listen.textContent()) === 'Listen');
  assert.deepEqual(gate.of('speech')[0].body, { text: ANSWER, format: 'pcm' });
  assert.equal(gate.of('hush').length, 0);
  assert.equal(await widget.part('banner').isVisible(), false);
});

test('a voice is interrupted in mid-stream', async () => {
  const { widget } = await visit({ audioFrames: 2_000, pauseMs: 30 });
  await widget.say('Who wins?');
  await widget.answer(2);
  const listen = widget.part('listen');
  await listen.click();
  await until('the voice starts', async () => (await listen.textContent()) === 'Stop');
  await until('bytes flow', () => gate.of('speech').length === 1);
  await pause(300);
  await listen.click();
  await until('the gate is told', () => gate.of('hush')[0]?.path === '/v1/speech/lc_voice');
  await until('the stream is cut', () => gate.of('speech')[0].aborted);
  await until('the button is back', async () => (await listen.textContent()) === 'Listen');
});

test('answers are read aloud when asked to, and noise is no crash', async () => {
  const { page, widget } = await visit({ audio: 'rubbish' });
  await widget.part('aloud').click();
  assert.equal(await widget.part('aloud').getAttribute('aria-pressed'), 'true');
  await widget.say('Who wins?');
  await widget.answer(2);
  await until('speech is asked for', () => gate.of('speech').length === 1);
  await widget.says('The voice could not be played here.');
  await widget.state('ready');
});

test('a video room opens on a click, asks before camera and microphone, and ends', async () => {
  const { page, widget } = await visit({ page: 'video="frame"', policy: `${STRICT}; frame-src 'self'` });
  assert.equal(gate.of('video').length, 0);
  await page.locator('twin-widget').evaluate((twin) => twin.setAttribute('persona', 'p-juna'));
  await widget.part('video').click();
  await widget.part('join').waitFor();
  assert.deepEqual(gate.of('video')[0].body, { persona: 'p-juna' });
  assert.equal(await page.locator('twin-widget iframe').count(), 0, 'no frame before the second click');
  await widget.part('join').click();
  const frame = page.locator('twin-widget iframe');
  assert.match(await frame.getAttribute('allow'), /camera; microphone/);
  await page.frameLocator('twin-widget iframe').getByText('Room').waitFor();
  await picture(page, 'widget-video');
  await widget.part('leave').click();
  await until('the gate is told', () => gate.of('leave')[0]?.path === '/v1/video/sessions/vid_1');
  assert.equal(await frame.count(), 0);
});

test('a double click opens one room', async () => {
  const { widget } = await visit();
  await widget.part('video').dblclick();
  await widget.part('join').waitFor();
  await pause(300);
  assert.equal(gate.of('video').length, 1);
});

test('a room at an unsafe address is not shown', async () => {
  const { widget } = await visit({ joinUrl: 'javascript:alert(1)' });
  await widget.part('video').click();
  await widget.part('stage').getByText('The address of this room is not safe.').waitFor();
  assert.equal(await widget.part('join').count(), 0);
  await widget.part('leave').click();
  await until('the room is given back', () => gate.of('leave').length === 1);
});

test('prx_2: who only wants to watch is not asked for camera and microphone', async () => {
  const { page, widget } = await visit({ page: 'video="frame"', policy: `${STRICT}; frame-src 'self'` });
  await widget.part('video').click();
  await widget.part('watch').click();
  assert.equal(await page.locator('twin-widget iframe').getAttribute('allow'), 'autoplay; fullscreen');
});

test('prx_2: under a policy without frames a room opens in a window of its own, which knows nothing of the page', async () => {
  const { page, widget } = await visit();
  await widget.part('video').click();
  const link = widget.part('join');
  await widget.part('stage').getByText('Your room is ready').waitFor();
  assert.deepEqual([await link.getAttribute('target'), await link.getAttribute('rel')], ['_blank', 'noopener noreferrer']);
  const [room] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
  await room.getByText('Room').waitFor();
  assert.equal(await room.evaluate(() => globalThis.opener), null);
  assert.equal(await page.locator('twin-widget iframe').count(), 0);
  assert.equal(gate.of('leave').length, 0);
  await room.close();
  await widget.part('leave').click();
  await until('the gate is told', () => gate.of('leave').length === 1);
});

test('prx_2: a vendor of another format is heard too', async () => {
  const { widget } = await visit({ audio: 'mp3', audioFrames: 20 });
  await widget.say('Who wins?');
  await widget.answer(2);
  const listen = widget.part('listen');
  await listen.click();
  await until('it is asked for anew', () => gate.of('speech').length === 2);
  await until('the voice is heard to its end', async () => (await listen.textContent()) === 'Listen');
  assert.deepEqual(gate.of('speech').map(({ body }) => body.format), ['pcm', 'mp3']);
  assert.equal(await widget.part('banner').isVisible(), false);
});

test('prx_2: samples reach the loudspeaker as they were sent, wherever the stream is cut', async () => {
  const { page, widget } = await visit({ audioFrames: 30 });
  await page.evaluate(() => {
    globalThis.heard = 0;
    const copy = AudioBuffer.prototype.copyToChannel;
    AudioBuffer.prototype.copyToChannel = function count(samples, ...rest) {
      globalThis.heard += samples.length;
      return copy.call(this, samples, ...rest);
    };
  });
  await widget.say('Who wins?');
  await widget.answer(2);
  await widget.part('listen').click();
  await until('the voice is heard to its end', async () => gate.of('speech').length === 1 && (await widget.part('listen').textContent()) === 'Listen');
  assert.equal(await page.evaluate(() => globalThis.heard), 30 * 320);
});

test('microphone and camera are asked for by nobody but the room', async () => {
  const { page, widget } = await visit({}, { started: false });
  await page.evaluate(() => {
    globalThis.asked = [];
    for (const name of ['getUserMedia', 'enumerateDevices', 'getDisplayMedia']) {
      MediaDevices.prototype[name] = () => { globalThis.asked.push(name); };
    }
  });
  await widget.part('start').click();
  await widget.state('ready');
  await widget.part('aloud').click();
  await widget.say('Who wins?');
  await widget.answer(2);
  await widget.part('video').click();
  await widget.part('join').waitFor();
  assert.deepEqual(await page.evaluate(() => globalThis.asked ?? []), []);
});
