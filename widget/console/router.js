// Where one is, in the part of the address behind the `#`, which no server sees: `#/tenants/demo?days=7` is the view
// `tenants`, its path `['demo']`, its query `days=7`.

/** Reads an address; an empty or broken one is the overview. */
export function read(hash) {
  const [path, query = ''] = hash.replace(/^#?\/?/, '').split('?');
  const [view, ...rest] = path.split('/').filter(Boolean).map(decoded);
  return { view: view ?? 'overview', path: rest, query: new URLSearchParams(query) };
}

/** Writes one: `address(['tenants', 'demo'], { days: 7 })`. */
export function address(path, query = {}) {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return `#/${path.map(encodeURIComponent).join('/')}${pairs.length ? `?${new URLSearchParams(pairs)}` : ''}`;
}

function decoded(piece) {
  try {
    return decodeURIComponent(piece);
  } catch {
    return piece;
  }
}
