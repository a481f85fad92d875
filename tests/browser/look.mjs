// Takes pictures of the page and the widget in many states, for a human to look at: `node look.mjs`.
import { FakeGate } from './fake-gate.mjs';
import { DESKTOP, launch, PHONE, picture, watchedPage, wholePicture, widgetOf } from './harness.mjs';

const gate = await new FakeGate().start();
const browser = await launch();
const LONG = 'Four sails, nine hundred metres, one buoy. Crews start on the horn at the breakwater, round the red mark to port and race the tide home.';
try {
  for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    for (const dark of [false, true]) {
      const name = `${size}-${dark ? 'dark' : 'light'}`;
      gate.reset({ minimumAge: 21, consent: true, answer: LONG });
      const { page, seen, close } = await watchedPage(browser, { viewport, dark, origins: [gate.origin] });
      const widget = widgetOf(page);
      await page.goto(gate.origin);
      await widget.part('start').waitFor();
      await wholePicture(page, `look-${name}-1-page`);
      await widget.part('start').scrollIntoViewIfNeeded();
      await widget.part('start').click();
      await widget.part('accept').waitFor();
      await picture(page, `look-${name}-2-age`);
      await widget.part('accept').click();
      await page.getByText('You are about to talk to an AI').waitFor();
      await picture(page, `look-${name}-3-consent`);
      await widget.part('accept').click();
      await widget.state('ready');
      await widget.part('meter').waitFor();
      await page.locator('twin-widget').scrollIntoViewIfNeeded();
      await picture(page, `look-${name}-4-ready`);
      await widget.say('How does a sprint work, in one breath?');
      await widget.answer(2);
      await page.waitForTimeout(1_500);
      await picture(page, `look-${name}-5-chat`);
      await widget.part('video').click();
      await widget.part('join').waitFor();
      await picture(page, `look-${name}-6-video`);
      await widget.part('leave').click();
      gate.is.refuse = { chat: { status: 429, error: { type: 'burst', fallback: { mode: 'text', message: 'The booth is full. One moment.' } }, retryAfter: 9 } };
      await widget.say('And who won on Thursday?');
      await widget.state('busy');
      await picture(page, `look-${name}-7-busy`);
      gate.is.refuse = { tick: { status: 402, error: { type: 'hard_cap', fallback: { mode: 'text', message: 'I am sleeping now' } } } };
      await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
      await widget.state('denied');
      await picture(page, `look-${name}-8-denied`);
      if (seen.errors.length) console.log(name, seen.errors);
      await close();
    }
  }
} finally {
  await browser.close();
  await gate.stop();
}
