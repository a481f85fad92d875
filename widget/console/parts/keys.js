// A tenant's keys by their ids; the keys themselves were shown once, when they were made. Revoking is for good.
import { at, isAbort } from '../api.js';
import { announce, fill, h } from '../dom.js';
import { failureNotice } from '../failure.js';
import { ask } from './dialog.js';
import { table } from './table.js';

export async function showKeys(root, context, tenant) {
  const { api, signal } = context;
  const frame = (...inside) =>
    fill(
      root,
      h(
        'section',
        { class: 'panel', 'aria-label': 'Keys' },
        h('div', { class: 'panel-head' }, h('h2', { tabindex: '-1' }, 'Keys')),
        inside,
      ),
    );
  frame(h('p', { class: 'wait' }, 'Asking the gate …'));
  try {
    const { keys } = await api.get(at`/v1/tenants/${tenant}/keys`, { signal });
    draw(keys);
  } catch (error) {
    if (isAbort(error)) throw error;
    frame(failureNotice(error, () => showKeys(root, context, tenant).catch(() => {})));
  }

  function draw(keys) {
    const columns = [
      { head: 'Id', kind: 'main', cell: ({ id }) => h('span', { class: 'id' }, id) },
      { head: 'Kind', cell: ({ kind }) => (kind === 'secret' ? 'secret, for servers' : 'publishable, for pages') },
      { head: 'State', cell: ({ revoked }) => h('span', { class: `tag ${revoked ? '' : 'is-good'}` }, revoked ? 'revoked' : 'in use') },
      {
        head: 'Revoke',
        unseen: true,
        kind: 'act',
        cell: (key) =>
          !key.revoked && h('button', { type: 'button', class: 'button is-small', onclick: () => revoke(key, keys) }, 'Revoke …'),
      },
    ];
    frame(keys.length ? table('Keys', columns, keys).element : h('p', { class: 'empty' }, 'It has no keys.'));
  }

  async function revoke(key, keys) {
    const done = await ask({
      title: 'Revoke this key?',
      yes: 'Revoke the key',
      grave: true,
      signal,
      body: h(
        'p',
        {},
        'The key ',
        h('code', {}, key.id),
        ` of ${tenant} stops working at once, and every session that it opened ends. There is no way back: a new key has to be issued.`,
      ),
      act: (over) => api.send('DELETE', at`/v1/tenants/${tenant}/keys/${key.id}`, undefined, { signal: over }).then(() => true),
    });
    if (!done) return;
    draw(keys.map((one) => (one === key ? { ...one, revoked: true } : one)));
    root.querySelector('h2').focus();
    announce(`The key ${key.id} is revoked.`);
  }
}
