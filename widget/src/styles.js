// The widget's looks, as one constructed style sheet: it needs no `unsafe-inline` in a page's policy.
//
// A page themes it through the `--twin-` variables on the first lines (README.md lists them). The private names begin with
// an underscore: a page that sets `--twin-ink: var(--ink)` must not meet an `--ink` of ours, or both would refer to each other.

const CSS = `
:host {
  --_accent: var(--twin-accent, #0f5c63);
  --_on-accent: var(--twin-on-accent, #ffffff);
  --_surface: var(--twin-surface, #ffffff);
  --_raised: var(--twin-raised, #f2f4f3);
  --_ink: var(--twin-ink, #17211f);
  --_soft: var(--twin-soft, #56625f);
  --_line: var(--twin-line, #d9dfdc);
  --_live: var(--twin-live, #1d8a4a);
  --_wait: var(--twin-wait, #a86400);
  --_stop: var(--twin-stop, #b3261e);
  --_radius: var(--twin-radius, 14px);
  --_font: var(--twin-font, system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif);
  --_display: var(--twin-display-font, var(--_font));
  display: block;
  color-scheme: light dark;
  container-type: inline-size;
}
@media (prefers-color-scheme: dark) {
  :host {
    --_accent: var(--twin-accent, #6cc7c4);
    --_on-accent: var(--twin-on-accent, #06201f);
    --_surface: var(--twin-surface, #121817);
    --_raised: var(--twin-raised, #1d2523);
    --_ink: var(--twin-ink, #edf2f0);
    --_soft: var(--twin-soft, #a3b0ac);
    --_line: var(--twin-line, #303b38);
    --_live: var(--twin-live, #54c987);
    --_wait: var(--twin-wait, #f0b454);
    --_stop: var(--twin-stop, #ff8a80);
  }
}
:host([hidden]), [hidden] { display: none !important; }
*, *::before, *::after { box-sizing: border-box; }
p, h2 { margin: 0; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; border: 0; background: none; touch-action: manipulation; }
button:disabled { cursor: not-allowed; opacity: .5; }
:focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.icon { width: 1.25em; height: 1.25em; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; flex: none; }

.booth {
  display: flex; flex-direction: column;
  height: var(--twin-height, 620px); max-height: 100svh; min-height: 420px;
  background: var(--_surface); color: var(--_ink);
  border: 1px solid var(--_line); border-radius: var(--_radius);
  font: 16px/1.5 var(--_font); overflow: hidden;
}

header { display: flex; align-items: center; gap: 12px; padding: 14px 16px; border-bottom: 1px solid var(--_line); }
.portrait { width: 48px; height: 48px; border-radius: calc(var(--_radius) * .6); object-fit: cover; flex: none; background: var(--_raised); }
header .who { flex: 1; min-width: 0; }
.name-line { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; line-height: 1.2; }
.name { font: 700 1.125rem/1.2 var(--_display); letter-spacing: .01em; }
.badge { border: 1.5px solid currentColor; border-radius: 4px; padding: 1px 6px; font-size: .6875rem; font-weight: 700; letter-spacing: .07em; text-transform: uppercase; white-space: nowrap; color: var(--_accent); }
.badge.age { color: var(--_soft); }
.tagline { display: block; color: var(--_soft); font-size: .875rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.status { display: flex; align-items: center; gap: 7px; font-size: .8125rem; font-weight: 600; color: var(--_soft); white-space: nowrap; }
.lamp { width: 10px; height: 10px; border-radius: 50%; background: var(--_line); }
.lamp[data-tone=live] { background: var(--_live); animation: on-air 2.4s ease-in-out infinite; }
.lamp[data-tone=wait] { background: var(--_wait); }
.lamp[data-tone=stop] { background: var(--_stop); }
@keyframes on-air { 50% { box-shadow: 0 0 0 5px color-mix(in srgb, var(--_live) 25%, transparent); } }

.welcome { flex: 1; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 20px; padding: 24px; text-align: center;
  background: var(--twin-welcome-image, none) center / cover no-repeat; }
.welcome .face { width: min(168px, 34cqw); aspect-ratio: 1; border-radius: 50%; object-fit: cover; background: var(--_raised); }
.disclosure { max-width: 34ch; color: var(--twin-welcome-ink, var(--_soft)); text-wrap: balance; }
.primary { background: var(--_accent); color: var(--_on-accent); font-weight: 700; border-radius: calc(var(--_radius) * .6); padding: 12px 20px; min-height: 46px; transition: filter .15s, transform .15s; }
.primary:hover:not(:disabled) { filter: brightness(1.08); }
.primary:active:not(:disabled) { transform: translateY(1px); }
.primary.start { font: 700 1.125rem/1.2 var(--_display); padding: 15px 28px; letter-spacing: .02em; }
.plain { border: 1.5px solid var(--_line); border-radius: calc(var(--_radius) * .6); padding: 10px 16px; min-height: 44px; font-weight: 600; }
.plain:hover { border-color: currentColor; }

.log { flex: 1; overflow-y: auto; padding: 18px 16px; display: flex; flex-direction: column; gap: 16px; overscroll-behavior: contain; scrollbar-width: thin; scrollbar-color: var(--_line) transparent; }
.log:focus-visible { outline-offset: -3px; }
.turn { max-width: 46ch; overflow-wrap: anywhere; }
.turn p { white-space: pre-wrap; }
.turn.visitor { align-self: flex-end; background: var(--_accent); color: var(--_on-accent); padding: 9px 14px; border-radius: var(--_radius) var(--_radius) 3px var(--_radius); max-width: min(46ch, 84%); }
.turn.twin { padding-left: 14px; border-left: 3px solid var(--_accent); }
.turn .who { display: flex; align-items: center; gap: 6px; font-size: .8125rem; font-weight: 700; color: var(--_soft); }
.tag { border: 1px solid currentColor; border-radius: 3px; font-size: .625rem; padding: 0 4px; letter-spacing: .06em; }
.note { color: var(--_soft); font-size: .8125rem; font-style: italic; }
.listen { display: inline-flex; align-items: center; gap: 6px; margin: 2px 0 0 -8px; padding: 6px 8px; min-height: 36px; border-radius: 8px; font-size: .8125rem; font-weight: 600; color: var(--_soft); }
.listen:hover, .listen.speaking { color: var(--_accent); background: var(--_raised); }
.mute .listen { display: none; }
.typing { display: inline-flex; gap: 5px; padding: 9px 0; }
.typing i { width: 7px; height: 7px; border-radius: 50%; background: var(--_soft); animation: type 1.2s ease-in-out infinite; }
.typing i:nth-child(2) { animation-delay: .15s; }
.typing i:nth-child(3) { animation-delay: .3s; }
@keyframes type { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; transform: translateY(-3px); } }

.banner { display: flex; align-items: center; gap: 12px; flex-wrap: wrap; margin: 0 16px 12px; padding: 10px 12px; background: var(--_raised); border-left: 4px solid var(--_line); border-radius: 6px; font-size: .9375rem; }
.banner[data-tone=live] { border-left-color: var(--_live); }
.banner[data-tone=wait] { border-left-color: var(--_wait); }
.banner[data-tone=stop] { border-left-color: var(--_stop); }
.banner [role=status] { flex: 1; min-width: 12ch; }
.count { font-variant-numeric: tabular-nums; font-weight: 700; }

.prompts { display: flex; gap: 8px; flex-wrap: wrap; padding: 0 16px 12px; }
.chip { border: 1.5px solid var(--_line); border-radius: 999px; padding: 7px 14px; min-height: 38px; font-size: .875rem; text-align: left; }
.chip:hover { border-color: var(--_accent); color: var(--_accent); }

.composer { border-top: 1px solid var(--_line); padding: 10px 12px 12px; }
.tools { display: flex; gap: 4px; margin-bottom: 6px; }
.tools:not(:has(.tool:not([hidden]))) { display: none; }
.tool { display: inline-flex; align-items: center; gap: 7px; padding: 6px 10px; min-height: 36px; border-radius: 8px; font-size: .875rem; font-weight: 600; color: var(--_soft); }
.tool:hover:not(:disabled) { background: var(--_raised); color: var(--_ink); }
.tool[aria-pressed=true] { background: color-mix(in srgb, var(--_accent) 16%, transparent); color: var(--_accent); }
.line { display: flex; align-items: flex-end; gap: 8px; }
textarea { flex: 1; min-width: 0; resize: none; border: 1.5px solid var(--_line); border-radius: calc(var(--_radius) * .75); background: var(--_surface); padding: 10px 13px; min-height: 46px; line-height: 1.45; }
textarea::placeholder { color: var(--_soft); opacity: 1; }
textarea:disabled { background: var(--_raised); }
.send { display: grid; place-items: center; width: 46px; height: 46px; flex: none; border-radius: calc(var(--_radius) * .75); background: var(--_accent); color: var(--_on-accent); }
.send[data-part=stop] { background: var(--_ink); color: var(--_surface); }
.send[data-part=stop] .icon { fill: currentColor; }

.meter { position: relative; display: flex; flex-wrap: wrap; gap: 2px 22px; padding: 11px 16px 10px; background: var(--_raised); font-size: .8125rem; }
.gauge { position: absolute; inset: 0 0 auto 0; height: 3px; background: var(--_line); }
.gauge i { display: block; height: 100%; width: var(--level, 100%); background: var(--_accent); transition: width .5s ease-out; }
.figure { display: flex; gap: 7px; align-items: baseline; }
.figure span { color: var(--_soft); }
.figure b { font-variant-numeric: tabular-nums; font-weight: 650; }

.stage { background: #0d1213; color: #eef2f1; display: flex; flex-direction: column; flex: none; }
.booth:has(.stage:not([hidden])) { height: max(var(--twin-height, 620px), 740px); max-height: none; }
.frame { aspect-ratio: 16 / 9; min-height: 210px; display: grid; }
.frame iframe { width: 100%; height: 100%; border: 0; }
.placeholder { display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 10px; padding: 18px; text-align: center; }
.placeholder .big { font: 700 1.125rem/1.2 var(--_display); }
.placeholder p:not(.big) { font-size: .875rem; color: #b9c4c1; max-width: 40ch; overflow-wrap: anywhere; }
.stage-bar { display: flex; align-items: center; justify-content: space-between; padding: 8px 12px; background: #161d1e; }
.clock { font-variant-numeric: tabular-nums; font-weight: 650; }
.danger { background: #c2342b; color: #fff; font-weight: 700; border-radius: 8px; padding: 8px 16px; min-height: 40px; }

dialog { width: min(440px, calc(100vw - 32px)); border: 0; border-radius: var(--_radius); padding: 26px 24px 22px; background: var(--_surface); color: var(--_ink); font: 16px/1.5 var(--_font); box-shadow: 0 24px 70px rgb(0 0 0 / .35); }
dialog::backdrop { background: rgb(8 14 16 / .62); }
dialog h2 { font: 700 1.375rem/1.2 var(--_display); margin-bottom: 12px; outline: none; text-wrap: balance; }
dialog p + p { margin-top: 10px; }
dialog .mark { font: 800 2.5rem/1 var(--_display); color: var(--_accent); margin-bottom: 12px; }
.choices { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 22px; }
.choices button { flex: 1 1 auto; }

@container (max-width: 400px) {
  .tagline { display: none; }
  .name-line { row-gap: 4px; }
  .name { flex-basis: 100%; }
  .portrait { width: 44px; height: 44px; }
  .meter { gap: 2px 16px; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; scroll-behavior: auto !important; }
}
@media (forced-colors: active) {
  .lamp { forced-color-adjust: none; }
  .turn.visitor, .primary, .send { border: 1px solid; }
}
`;

let shared = null;

/** One sheet for every widget on the page. */
export function sheet() {
  if (!shared) {
    shared = new CSSStyleSheet();
    shared.replaceSync(CSS);
  }
  return shared;
}
