// The console's beginning: who is signed in, which view the address names, and the frame around it.
//
// A view is a module in views/ that exports
//   title                              the heading and the tab's title: a string, or a function of (parameters, who)
//   async show(root, context, parameters)
//     root        an empty element that is the view's own until it is left
//     context     { api: Gate (api.js), who: { role: 'operator' | 'tenant', tenant: string | null }, signal,
//                   announce(words), go(path, query), rename(heading) }
//                 `signal` is aborted when the view is left: hand it to every request and listener.
//                 `go(['tenants', 'demo'], { days: 7 })` goes to `#/tenants/demo?days=7`.
//     parameters  { path: ['demo'], query: URLSearchParams }: what stands behind the view's name
//   It paints its frame at once, then asks the gate. It may return a function that is called when it is left. An error that
//   leaves `show` is shown with a way to try again; an AbortError is nobody's.
// To add one: a line in VIEWS; its files in the list of components/site/src/assets.rs; a sheet of its own, if it needs one,
// in styles/ and index.html.
import { Gate, GateError, isAbort } from './api.js';
import { announce, fill, h } from './dom.js';
import { failureNotice } from './failure.js';
import { forget, remember, remembered } from './identity.js';
import { address, read } from './router.js';
import { Frame } from './shell.js';
import { showSignIn } from './sign-in.js';

const VIEWS = {
  overview: () => import('./views/overview.js'),
  tenants: () => import('./views/tenants.js'),
  tenant: () => import('./views/tenant.js'), // `#/tenants/demo`
  usage: () => import('./views/usage.js'),
  sessions: () => import('./views/sessions.js'),
  vendors: () => import('./views/vendors.js'),
  webhooks: () => import('./views/webhooks.js'),
  log: () => import('./views/log.js'),
};

const place = document.querySelector('#console');
let leave = () => {};

function start(reason) {
  leave();
  const who = remembered();
  if (who) return openFor(who, false);
  leave = showSignIn(place, reason, (identity) => {
    remember(identity);
    leave();
    openFor(identity, true);
  });
  return undefined;
}

/** `arrived`: somebody has come in just now, and reading begins at the heading; else the page was loaded anew. */
function openFor(who, arrived) {
  const frame = new Frame(place, who, { arrived, signOut, again: () => visit() });
  const api = new Gate(who.key, {
    reached: (yes) => frame.reached(yes),
    refused: () => signOut('The key isn’t good any more. Sign in again.'),
  });
  let left = () => {};
  const visit = () => {
    left();
    left = present(frame, api, who);
  };
  addEventListener('hashchange', visit);
  leave = () => {
    removeEventListener('hashchange', visit);
    left();
    frame.close();
  };
  visit();
}

/** Shows the view that the address names. Returns what ends it: its requests, then whatever it left behind. */
function present(frame, api, who) {
  const { view, path, query } = read(location.hash);
  const name = view === 'tenants' && (path.length || who.role !== 'operator') ? 'tenant' : view;
  const root = frame.turnTo(name);
  const over = new AbortController();
  const context = {
    api,
    who: { role: who.role, tenant: who.tenant },
    signal: over.signal,
    announce,
    go: (to, asked) => {
      location.hash = address(to, asked);
    },
    rename: (heading) => frame.rename(heading),
  };
  let cleanup;
  attempt();
  return () => {
    over.abort();
    cleanup?.();
  };

  function attempt() {
    fill(root);
    run().catch((error) => {
      if (!over.signal.aborted && !isAbort(error)) fill(root, failureNotice(error, attempt));
    });
  }

  async function run() {
    if (!Object.hasOwn(VIEWS, name))
      return fill(root, h('p', { class: 'empty' }, 'There is no such page. ', h('a', { href: '#/' }, 'Go to the overview')));
    const { title, show } = await module(VIEWS[name], frame);
    if (over.signal.aborted) return undefined;
    frame.rename(typeof title === 'function' ? title({ path, query }, context.who) : title);
    const undo = await show(root, context, { path, query });
    if (over.signal.aborted) undo?.();
    else cleanup = undo;
    return undefined;
  }
}

/** A view's module comes from the gate as well, so that one that doesn't come is a gate that can't be reached. */
function module(load, frame) {
  return load().catch(() => {
    frame.reached(false);
    throw new GateError('unreachable', 'The view can’t be loaded.');
  });
}

function signOut(reason) {
  forget();
  // Where one was is remembered in the address alone, so that the same person finds back; it names no secret.
  start(typeof reason === 'string' ? reason : 'You are signed out.');
}

start();
