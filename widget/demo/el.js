// One way to make elements: texts stay texts, so nothing that came from elsewhere is ever read as markup.

/** An element with these attributes (true is an empty one; false, null and undefined none) and children, nodes or texts. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A button that does this. */
export function button(label, onClick, attributes = {}) {
  const made = el('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', onClick);
  return made;
}
