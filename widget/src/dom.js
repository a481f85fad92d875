// Elements out of plain values. Text goes in as text: nothing here, and nothing anywhere in the widget, parses HTML.

/**
 * `h('button.primary.start', {title: 'x'}, 'Go')`. What follows the dots is class and part in one, so that a page can style
 * whatever it sees. `icon` draws one; `say` and `label` are keys of words:
 * `relabel` puts those into the text and into the name for screen readers.
 */
export function h(spec, properties = {}, ...children) {
  const [tag, ...names] = spec.split('.');
  const element = document.createElement(tag);
  if (names[0]) element.className = names.join(' ');
  if (names[0]) element.setAttribute('part', element.className);
  if (tag === 'button') element.type = 'button';
  for (const [key, value] of Object.entries(properties)) {
    if (key === 'icon') element.append(icon(value));
    else if (key === 'say' || key === 'label') element.dataset[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter(Boolean));
  return element;
}

/**
 * A tree of elements from its outline, one to a line and indented by one blank below its parent: what `h` takes, with
 * properties as `key=value`. Gives each by the first of its names.
 */
export function outline(text) {
  const parts = {};
  const path = [];
  for (const line of text.trim().split('\n')) {
    const [spec, ...properties] = line.trim().split(' ');
    const element = h(spec, Object.fromEntries(properties.map((one) => one.split('='))));
    const depth = line.search(/\S/);
    path[depth] = element;
    path[depth - 1]?.append(element);
    parts[spec.split('.')[1]] = element;
  }
  return parts;
}

/** Puts words where keys of words are marked, below `element`. */
export function relabel(element, t) {
  for (const one of element.querySelectorAll('[data-say]')) one.textContent = t(one.dataset.say);
  for (const one of element.querySelectorAll('[data-label]')) one.setAttribute('aria-label', t(one.dataset.label));
}

/** Switched off without losing the keyboard's place, as `disabled` would. The view swallows clicks on it. */
export function able(element, on) {
  element.setAttribute('aria-disabled', !on);
}

const SVG = 'http://www.w3.org/2000/svg';
const ICONS = {
  send: 'M5 12h13M12 5l7 7-7 7',
  stop: 'M7 7h10v10H7z',
  sound: 'M4 10v4h4l5 4V6L8 10zM17 9v6',
  camera: 'M3 7h11v10H3zM14 11l7-4v10l-7-4z',
};

/** A line icon of 24 units, drawn in the colour of the text around it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const line = document.createElementNS(SVG, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', true);
  line.setAttribute('d', ICONS[name]);
  svg.append(line);
  return svg;
}
