// A tenant's month as a file for the books: the gate's own CSV, saved as it came.
import { isAbort } from '../../api.js';
import { fill, h } from '../../dom.js';
import { failureNotice } from '../../failure.js';
import { money } from '../../format.js';
import { fileName, save } from './download.js';

export function invoicePanel({ api, who, signal }, tenant) {
  const month = h('input', { id: 'invoice-month', name: 'month', type: 'month', required: true, value: new Date().toISOString().slice(0, 7), min: '2020-01', max: '2099-12', pattern: '[0-9]{4}-[0-9]{2}' });
  const whose = who.role === 'operator' && h('input', { id: 'invoice-tenant', name: 'tenant', required: true, value: tenant, maxlength: 200, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' });
  const button = h('button', { type: 'submit', class: 'button' }, 'Download CSV');
  const result = h('div', { role: 'status' });
  const form = h('form', { class: 'log-short' }, whose && h('div', { class: 'field' }, h('label', { for: 'invoice-tenant' }, 'Tenant'), whose),
    h('div', { class: 'field' }, h('label', { for: 'invoice-month' }, 'Month'), month), button);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    download();
  });
  return h('section', { class: 'panel', 'aria-label': 'Invoice' }, h('div', { class: 'panel-head' }, h('h2', {}, 'Invoice of a month')), form, result);

  async function download() {
    const of = whose ? whose.value.trim() : who.tenant;
    const path = `/v1/audit/invoices/${encodeURIComponent(month.value)}`;
    button.disabled = true;
    fill(result, h('p', { class: 'wait' }, 'Adding up the month …'));
    try {
      const [bytes, invoice] = await Promise.all([
        api.bytes(path, { query: { tenant: of }, accept: 'text/csv', signal }), api.get(path, { query: { tenant: of }, signal })]);
      const name = `${fileName(`invoice-${of}-${month.value}`)}.csv`;
      save(name, bytes, 'text/csv');
      fill(result, h('p', {}, `Saved as ${name}: ${money(invoice.total_usd)} ${invoice.currency}, ${invoice.status === 'final' ? 'final' : 'open, so more may be added'}.`));
    } catch (error) {
      if (!isAbort(error)) fill(result, failureNotice(error, download));
    } finally {
      button.disabled = false;
    }
  }
}
