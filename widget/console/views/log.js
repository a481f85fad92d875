// The audit log, for whoever audits it: `#/log` lists it, `#/log/lc_...` is one entry with its proof, `#/log/check` checks a
// receipt that somebody has as a file.
import { showEntry } from './log/entry.js';
import { showReceiptFile } from './log/receipt-file.js';
import { showList } from './log/list.js';

export const title = 'Audit log';

export function show(root, context, { path: [name], query }) {
  if (name === 'check') return showReceiptFile(root, context);
  return name === undefined ? showList(root, context, query) : showEntry(root, context, name);
}
