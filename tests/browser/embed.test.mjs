// The widget as a web developer takes it: pasted from the gate, installed from the package, built into a project; each under
// the strictest policy it promises to work with.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { picture } from './harness.mjs';
import { ANSWER, stage, until } from './support.mjs';

const run = promisify(execFile);
const WIDGET = fileURLToPath(new URL('../../widget/', import.meta.url));
const HERE = fileURLToPath(new URL('./', import.meta.url));
const MOST_BYTES = 15_000;
const it = stage();
const { gate } = it;
let project; // a folder with the package installed from what `npm pack` gave

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'twin-project-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project], { cwd: WIDGET });
  const packed = JSON.parse(stdout);
  const { filename } = Array.isArray(packed) ? packed[0] : Object.values(packed)[0];
  await writeFile(join(project, 'package.json'), '{"name": "page", "private": true, "type": "module"}');
  await run('npm', ['install', '--no-audit', '--no-fund', '--offline', join(project, filename)], { cwd: project });
}, { timeout: 60_000 });
after(() => rm(project, { recursive: true, force: true }));

/** A site of its own that serves `folder` under `policy`; `use(origin)` while it is up. */
async function site(folder, policy, use) {
  const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://site').pathname;
    try {
      const bytes = await readFile(join(folder, path === '/' ? 'index.html' : path));
      response.writeHead(200, { 'content-type': types[extname(path) || '.html'] ?? 'text/plain', 'content-security-policy': policy });
      response.end(bytes);
    } catch {
      response.writeHead(204).end(); // the icon that browsers ask for
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A whole visit: chat, a voice that is heard, a room. The hooks of `stage` then look for what the policy forbade. */
async function wholeVisit(origin) {
  gate.reset({ consent: true, audioFrames: 10 });
  const { page, widget } = await it.newPage({ origins: [origin] });
  await page.goto(origin);
  await widget.part('start').click();
  await widget.part('accept').click();
  await widget.state('ready');
  await widget.say('Hello');
  assert.equal(await widget.answer(1), ANSWER);
  await widget.part('listen').click();
  await until('it is heard', async () => gate.of('speech').length === 1 && (await widget.part('listen').textContent()) === 'Listen');
  assert.equal(await widget.part('banner').isVisible(), false);
  await widget.part('video').click();
  const [room] = await Promise.all([page.context().waitForEvent('page'), widget.part('join').click()]);
  await room.close();
  await widget.part('leave').click();
  return { page, widget };
}

const strict = () => `default-src 'self'; connect-src ${gate.origin}`;
const twin = (more = '') => `<twin-widget tenant-key="tg_pk_demo" gate="${gate.origin}" name="Juna" ${more}></twin-widget>`;
const html = (script, body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>page</title><script type="module" src="${script}"></script>${body}`;

test('prx_1: the widget is one file of less than 15 KB, and it is what its sources give', async () => {
  await run('npm', ['run', '--silent', 'check'], { cwd: WIDGET });
  const file = await readFile(join(WIDGET, 'tollgate-widget.js'));
  const size = gzipSync(file, { level: 9 }).length;
  assert.ok(size < MOST_BYTES, `${size} bytes gzipped, ${MOST_BYTES} at most`);
  assert.doesNotMatch(file.toString(), /\bimport\s*\(|\bfrom\s*["']/, 'it loads nothing further');
  assert.doesNotMatch(file.toString(), /innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|blob:/);
});

test('the package has what it names, and nothing else', async () => {
  const installed = join(project, 'node_modules/tollgate-widget');
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], { cwd: WIDGET });
  const packed = JSON.parse(stdout);
  const [{ files }] = Array.isArray(packed) ? packed : Object.values(packed);
  assert.deepEqual(files.map(({ path }) => path).sort(), ['LICENSE', 'README.md', 'package.json', 'tollgate-widget.d.ts', 'tollgate-widget.js']);
  assert.equal(await readFile(join(installed, 'LICENSE'), 'utf8'), await readFile(join(WIDGET, '../LICENSE'), 'utf8'));
  const { version } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  const workspace = await readFile(join(WIDGET, '../Cargo.toml'), 'utf8');
  assert.equal(version, /\[workspace\.package\][^[]*?\nversion = "([^"]+)"/.exec(workspace)?.[1], 'the version of the whole');
});

test('prx_1: installed into a plain page, it works under default-src \'self\'; connect-src <gate>', async () => {
  const folder = join(project, 'plain');
  await cp(join(project, 'node_modules/tollgate-widget'), folder, { recursive: true });
  await writeFile(join(folder, 'index.html'), html('/tollgate-widget.js', twin()));
  await site(folder, strict(), async (origin) => {
    const { page, widget } = await wholeVisit(origin);
    assert.equal(gate.of('session').at(-1).body.channel, 'widget');
    gate.is.refuse = { chat: { status: 429, error: { type: 'burst' }, retryAfter: 3 } };
    await widget.say('Again');
    await widget.state('busy');
    await picture(page, 'widget-embedded');
  });
});

test('prx_1: a policy that is broken is noticed by these tests', async () => {
  await site(join(project, 'plain'), `default-src 'self'; connect-src 'none'`, async (origin) => {
    gate.reset();
    const watched = await it.newPage({ origins: [origin] });
    await watched.page.goto(origin);
    await watched.widget.part('start').click();
    await watched.widget.state('offline');
    assert.match((await watched.page.evaluate(() => globalThis.violations)).join(), /^connect-src/);
    await watched.page.evaluate(() => { globalThis.violations = []; });
    watched.seen.errors.length = 0;
  });
});

// What a project writes against the types, and what they must not let pass.
const MAIN = `import { translate, TwinWidget, type TwinState, type TwinWords } from 'tollgate-widget';
const twin = document.querySelector('twin-widget')!;
const states: TwinState[] = [];
const words: TwinWords = { ready: 'Live', 'age.why': 'Because.' };
translate('fr', words);
TwinWidget.translate('de', { send: 'Ab damit' });
twin.userToken = 'a.user.jwt';
twin.words = { talk: 'Say hello to {name}' };
twin.addEventListener('twin-state', ({ detail }) => states.push(detail.state));
twin.addEventListener('twin-tick', function tick({ detail: { decision, budget } }) { this.dataset.left = \`\${decision} \${budget?.left ?? ''}\`; });
twin.addEventListener('twin-answer', ({ detail: { text, complete } }) => { twin.dataset.answer = \`\${complete} \${text}\`; });
twin.addEventListener('twin-error', ({ detail }) => console.info(detail.type, detail.requestId));
twin.addEventListener('click', (event) => event.clientX);
document.createElement('twin-widget').start satisfies () => Promise<void>;
document.getElementById('say')!.addEventListener('click', () => twin.send('From the page'));
Object.assign(globalThis, { states });
// @ts-expect-error: no such word
twin.words = { raedy: 'x' };
// @ts-expect-error: it can't be set
twin.state = 'ready';
// @ts-expect-error: no such field
twin.addEventListener('twin-state', ({ detail }) => detail.stat);
`;

test('prx_1: in a Vite project its types hold, and what Vite builds works under the same policy', { timeout: 60_000 }, async () => {
  await mkdir(join(project, 'src'), { recursive: true });
  await writeFile(join(project, 'src/main.ts'), MAIN.replace("twin.words = { raedy: 'x' };", 'if (states.length < 0) $&').replace("twin.state = 'ready'", 'if (states.length < 0) $&'));
  await writeFile(join(project, 'index.html'), html('/src/main.ts', `<button id="say">Say</button>${twin('channel="portal"')}`));
  const compilerOptions = { strict: true, noEmit: true, target: 'es2022', module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom', 'dom.iterable'], types: [], skipLibCheck: false };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  await run(process.execPath, [join(HERE, 'node_modules/typescript/bin/tsc'), '-p', project]).catch(({ stdout }) => assert.fail(stdout));
  await build({ root: project, logLevel: 'warn', configFile: false, build: { modulePreload: { polyfill: false } } });
  await site(join(project, 'dist'), strict(), async (origin) => {
    const { page, widget } = await wholeVisit(origin);
    assert.equal(await widget.part('send').getAttribute('aria-label'), 'Send');
    assert.equal(gate.of('session').at(-1).body.channel, 'portal');
    assert.equal(gate.of('session').at(-1).body.user_token, 'a.user.jwt');
    const twinOf = page.locator('twin-widget');
    assert.equal(await twinOf.getAttribute('data-answer'), `true ${ANSWER}`);
    // The meter asks a moment after the answer, when the gate has settled it.
    await page.locator('twin-widget[data-left^="allow $24.9"]').waitFor({ state: 'attached' });
    await page.locator('#say').click();
    assert.equal(await widget.answer(2), ANSWER);
    assert.equal(gate.of('chat').at(-1).body.messages.at(-1).content, 'From the page');
    assert.deepEqual(await page.evaluate(() => globalThis.states.slice(0, 2)), ['connecting', 'ready']);
  });
});

test('prx_1: pasted from the gate into another site, it finds its gate by where it came from', async () => {
  const folder = join(project, 'pasted');
  await mkdir(folder);
  await writeFile(join(folder, 'index.html'), html(`${gate.origin}/widget/tollgate-widget.js`, '<twin-widget tenant-key="tg_pk_demo" channel="portal" name="Juna"></twin-widget>'));
  const policy = `default-src 'self'; script-src ${gate.origin}; connect-src ${gate.origin}; object-src 'none'; require-trusted-types-for 'script'`;
  await site(folder, policy, async (origin) => {
    await wholeVisit(origin);
    assert.equal(gate.of('session').at(-1).body.channel, 'portal');
  });
});

test('what a page set before the module came is kept, and its errors are told', async () => {
  const folder = join(project, 'early');
  await mkdir(folder);
  await cp(join(WIDGET, 'tollgate-widget.js'), join(folder, 'tollgate-widget.js'));
  await writeFile(join(folder, 'early.js'), `
    const twin = document.querySelector('twin-widget');
    twin.userToken = 'early'; twin.words = { talk: 'Early words' };
    twin.addEventListener('twin-error', ({ detail }) => { globalThis.told = detail; });
    await import('./tollgate-widget.js');`);
  await writeFile(join(folder, 'index.html'), html('/early.js', twin()));
  await site(folder, strict(), async (origin) => {
    gate.reset({ refuse: { session: { status: 403, error: { type: 'forbidden', code: 'origin', message: 'This origin is not allowed.' } } } });
    const { page, widget } = await it.newPage({ origins: [origin] });
    await page.goto(origin);
    assert.equal(await widget.part('start').textContent(), 'Early words');
    await widget.part('start').click();
    await widget.state('denied');
    assert.equal(gate.of('session')[0].body.user_token, 'early');
    const { capability, status, code, message, requestId } = await page.evaluate(() => globalThis.told);
    assert.deepEqual([capability, status, code, message, requestId], ['session', 403, 'origin', 'This origin is not allowed.', 'req_1']);
  });
});
