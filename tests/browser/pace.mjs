// How fast the console is on the gate that TOLLGATE_URL and TOLLGATE_ADMIN_KEY name: from the change of the address to what
// one came for, in milliseconds, the median and the worst of some visits, each with a browser profile of its own.
// `node pace.mjs [visits]`; docs/performance.md says how to fill a gate's folder first.
import { DESKTOP, launch, watchedPage } from './harness.mjs';

const { TOLLGATE_URL: url, TOLLGATE_ADMIN_KEY: key } = process.env;
if (!url || !key) throw new Error('TOLLGATE_URL and TOLLGATE_ADMIN_KEY name no gate');
const visits = Number(process.argv[2] ?? 5);
const day = (before) => new Date(Date.now() - before * 86_400_000).toISOString().slice(0, 10);

/** What one does, and where one sees that it is done: an element, or a list that has come to rest (`REST`). */
const REST = '.paged-foot p';
const ROW = 'table[aria-label=Entries] tbody tr';
const STEPS = [
  ['log, first page', '#/log', ROW],
  ['log, checkpoint verified', '#/log', '.log-grown'],
  ['log, one tenant’s chats', '#/log?tenant=bench&kind=money&capability=chat', ROW],
  ['log, a search without a find, until it asks whether to go on', '#/log?capability=speech', REST],
  ['log, jump to yesterday', `#/log?jump=${day(1)}`, REST],
  ['tenants, first page', '#/tenants', '.view-tenants table tbody tr'],
];

const browser = await launch();
const times = new Map();
const note = (what, ms) => times.set(what, [...(times.get(what) ?? []), ms]);
try {
  for (let visit = 0; visit < visits; visit += 1) {
    const { page, close } = await watchedPage(browser, { viewport: DESKTOP, origins: [new URL(url).origin] });
    page.setDefaultTimeout(60_000);
    await page.addInitScript((identity) => sessionStorage.setItem('tollgate.console', identity), JSON.stringify({ key, role: 'operator', tenant: null }));
    await page.goto(`${url}/console#/log`);
    await page.locator(STEPS[0][2]).first().waitFor();
    note('first paint, nothing cached', await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime));
    note('log, first page, nothing cached', await page.evaluate(() => performance.now()));
    for (const [what, hash, sign] of STEPS) note(what, await reach(page, hash, sign));
    await reach(page, '#/log', ROW);
    await page.locator(`${ROW} a`).first().click();
    const verify = page.getByRole('button', { name: 'Verify in this browser' });
    await verify.waitFor();
    note('an entry, from the click on “Verify” to the verdict', await timed(page, 'button.is-main', '.steps-verdict .is-good'));
    await close();
  }
} finally {
  await browser.close();
}
const round = (ms) => Math.round(ms);
for (const [what, all] of times) {
  const sorted = all.toSorted((a, b) => a - b);
  console.log(`| ${what} | ${round(sorted[Math.floor(sorted.length / 2)])} | ${round(sorted.at(-1))} |`);
}

/** Goes there from a page without requests, and takes the time until the sign is seen and painted. */
async function reach(page, hash, sign) {
  await page.evaluate(() => { location.hash = '#/nowhere'; });
  await page.locator('.empty').waitFor();
  return timed(page, hash, sign);
}

/** `start`: an address to go to, or a button to press. */
function timed(page, start, sign) {
  return page.evaluate(([act, selector, rest]) => new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`${selector} isn’t there after a minute`)), 60_000);
    const began = performance.now();
    const eye = new MutationObserver(look);
    const seen = () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
    function look() {
      const found = document.querySelector(selector);
      // A list that is being asked for says so in its foot.
      if (!found || found.matches(rest) && /^$|^Asking/.test(found.textContent)) return;
      eye.disconnect();
      seen();
    }
    eye.observe(document.querySelector('#console'), { subtree: true, childList: true, attributes: true, characterData: true });
    if (act.startsWith('#')) location.hash = act;
    else document.querySelector(`.view ${act}`).click();
  }), [start, sign, REST]);
}
