// Elements without markup: everything that comes from the gate becomes a text node or an attribute's value, never HTML.
// Neither `style=` nor `onclick=` can be made here: the console's policy forbids both.

const SVG = 'http://www.w3.org/2000/svg';

/** An element. Attributes: true is empty, null and false are left out, `onclick` and its like are listeners. */
export function h(name, attributes, ...children) {
  return furnish(document.createElement(name), attributes, children);
}

/** The same for the parts of a drawing. */
export function s(name, attributes, ...children) {
  return furnish(document.createElementNS(SVG, name), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') throw new TypeError('styles belong into a sheet');
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...present(children));
  return element;
}

const present = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

/** Puts these children in place of those there are. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
  return element;
}

let names = 0;
/** An id nothing else on the page has, for `aria-labelledby` and its like. */
export const freshId = (word) => `${word}-${(names += 1)}`;

/** Reads the words out to whoever listens instead of looking. Saying the same twice is heard twice. */
export function announce(words) {
  const region = document.querySelector('#announcer');
  if (!region) return;
  fill(region);
  setTimeout(() => fill(region, words), 60);
}
