// Takes pictures of every view of the console, at both sizes, light and dark, to look at: `node console-look.mjs [view]`.
import { ADMIN_KEY, FakeConsole, OWN, SECRET_KEY } from './fake-console.mjs';
import { DESKTOP, launch, PHONE, wholePicture, picture, watchedPage } from './harness.mjs';

const only = process.argv[2];
const VIEWS = {
  overview: '#/overview',
  tenants: '#/tenants',
  tenant: `#/tenants/${OWN}`,
  usage: `#/usage/${OWN}?days=90`,
  sessions: '#/sessions?state=all',
  vendors: '#/vendors',
  'vendors-of-one': `#/vendors?tenant=${OWN}`,
  webhooks: `#/webhooks?tenant=${OWN}`,
};
const gate = await new FakeConsole().start();
const browser = await launch();

async function enter(page, key, hash) {
  await page.goto(`${gate.origin}/console${hash}`);
  await page.getByLabel('Key').fill(key);
  await page.keyboard.press('Enter');
  await page.locator('.rail').waitFor();
}

try {
  for (const [size, viewport] of [
    ['desktop', DESKTOP],
    ['phone', PHONE],
  ]) {
    for (const dark of [false, true]) {
      const name = `console-${size}-${dark ? 'dark' : 'light'}`;
      const { page, seen, close } = await watchedPage(browser, { viewport, dark, origins: [gate.origin] });
      await page.goto(`${gate.origin}/console`);
      await page.getByLabel('Key').waitFor();
      if (!only || only === 'sign-in') await picture(page, `${name}-sign-in`);
      await enter(page, ADMIN_KEY, '');
      for (const [view, hash] of Object.entries(VIEWS)) {
        if (only && only !== view) continue;
        await page.goto(`${gate.origin}/console${hash}`);
        await page.waitForTimeout(1_200);
        await (view === 'tenants' || view === 'sessions' ? picture : wholePicture)(page, `${name}-${view}`);
      }
      if (!only || only === 'edit') {
        await page.goto(`${gate.origin}/console#/tenants/${OWN}`);
        await page.getByRole('button', { name: 'Change …' }).click();
        await page.waitForTimeout(200);
        await picture(page, `${name}-edit`);
        await page.getByLabel('Money a month').fill('40');
        await page.getByLabel('Throttled from').fill('70');
        await page.getByRole('button', { name: 'Review' }).click();
        await picture(page, `${name}-edit-review`);
        await page.keyboard.press('Escape');
      }
      if (!only || only === 'secret') {
        await page.getByRole('button', { name: 'Sign out' }).click();
        await enter(page, SECRET_KEY, '');
        await page.goto(`${gate.origin}/console#/overview`);
        await page.waitForTimeout(1_000);
        await wholePicture(page, `${name}-secret`);
      }
      if (seen.errors.length) console.log(name, seen.errors);
      await close();
    }
  }
} finally {
  await browser.close();
  await gate.stop();
}
