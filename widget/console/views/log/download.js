// Saves bytes as a file, exactly as they came.
import { h } from '../../dom.js';

export function save(name, bytes, type) {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const link = h('a', { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  // The browser has begun to read it by then; without this the bytes would stay for as long as the tab.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A name that every file system takes. */
export const fileName = (text) => text.replace(/[^A-Za-z0-9._-]/g, '_');
