// A log in a few lines, to make receipts and tiles with: straight from the definitions, slow, signed by node's own crypto, and
// independent of what it is there to test.
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';

export const NAME = 'log.example/test';
const DER = Buffer.from('302e020100300506032b657004220420', 'hex');

export const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();

/** The key that grows from 32 equal bytes. */
export function keyOf(seed, name = NAME) {
  const secret = createPrivateKey({ key: Buffer.concat([DER, Buffer.alloc(32, seed)]), format: 'der', type: 'pkcs8' });
  const key = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32);
  const typed = Buffer.concat([[1], key].map((part) => Buffer.from(part)));
  const id = sha256(`${name}\n`, typed).subarray(0, 4);
  const note = (text) => `${text}\n\u2014 ${name} ${Buffer.concat([id, sign(null, Buffer.from(text), secret)]).toString('base64')}\n`;
  return { name, id, vkey: `${name}+${id.toString('hex')}+${typed.toString('base64')}`, note };
}

/** JSON without blanks; a BigInt is written with all its digits, `{ digits }` as it stands. */
export function json(value) {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value.digits !== undefined) return value.digits;
  return `{${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}:${json(one)}`).join(',')}}`;
}

export function dollars(nanos) {
  const digits = String(nanos < 0n ? -nanos : nanos).padStart(10, '0');
  return `${nanos < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9).replace(/0{1,7}$/, '')}`;
}

/** An entry: `shown`, the object a gate would show, and `logged`, the bytes its log would commit to. */
export function entry(seq, other = {}) {
  const salt = BigInt(seq).toString(16).padStart(32, '0');
  const ids = { session_id: seq % 3 ? null : `ses_${seq}`, request_id: `req_${seq}` };
  const says = {
    tenant_id: 'demo', company: 'acme', event_type: 'TWIN_INTERACTION', provider: 'tavus', model: '', units_consumed: BigInt(30 + seq),
    unit_type: 'seconds', cost_nanos: 45_000_000n + BigInt(seq), limit_check_id: `lc_${seq}`, channel: 'widget', capability: 'video',
    settlement: 'exact', at: '2026-11-20T09:00:00.123Z', details: {}, ...other,
  };
  const personal = { digest: sha256(Buffer.from(salt, 'hex'), json(ids)).toString('hex'), salt };
  const shown = {
    ...says, cost_currency: 'USD', cost_amount: { digits: dollars(says.cost_nanos) }, v: 2, seq: BigInt(seq), ...ids, salt, personal,
  };
  const { tenant_id, company, event_type, provider, model, units_consumed, unit_type, cost_nanos, limit_check_id, channel, capability, settlement } = says;
  const logged = {
    v: 2, salt, tenant_id, company, event_type, provider, model, units_consumed, unit_type, cost_nanos, limit_check_id, channel,
    capability, settlement, at_ms: BigInt(Date.parse(says.at)), personal: personal.digest,
    ...(Object.keys(says.details).length > 0 && { details: says.details }),
  };
  return { seq, shown, logged: Buffer.from(json(logged)) };
}

export const leaf = ({ logged }) => sha256([0, 1], sha256(logged));

const half = (count) => {
  let size = 1;
  while (size * 2 < count) size *= 2;
  return size;
};

export function root(leaves) {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0];
  const middle = half(leaves.length);
  return sha256([1], root(leaves.slice(0, middle)), root(leaves.slice(middle)));
}

function path(leaves, index) {
  if (leaves.length === 1) return [];
  const middle = half(leaves.length);
  return index < middle
    ? [...path(leaves.slice(0, middle), index), root(leaves.slice(middle))]
    : [...path(leaves.slice(middle), index - middle), root(leaves.slice(0, middle))];
}

/** The first `size` of some entries as a log under a key. */
export class SmallLog {
  constructor(entries, key = keyOf(1), size = entries.length) {
    Object.assign(this, { entries: entries.slice(0, size), key });
    this.leaves = this.entries.map(leaf);
  }

  get size() {
    return this.entries.length;
  }

  checkpoint() {
    return this.key.note(`${this.key.name}\n${this.size}\n${root(this.leaves).toString('base64')}\n`);
  }

  receipt(index) {
    const hashes = path(this.leaves, index).map((hash) => `${hash.toString('base64')}\n`).join('');
    return `c2sp.org/tlog-proof@v1\nextra ${this.entries[index].logged.toString('base64')}\nindex ${index}\n${hashes}\n${this.checkpoint()}`;
  }

  /** All tiles, by their paths. */
  tiles() {
    const made = new Map();
    for (let [level, row] = [0, this.leaves]; row.length > 0; level += 1) {
      const above = [];
      for (let first = 0; first < row.length; first += 256) {
        const tile = row.slice(first, first + 256);
        const number = String(first / 256).padStart(3, '0');
        made.set(`tile/${level}/${number}${tile.length < 256 ? `.p/${tile.length}` : ''}`, Buffer.concat(tile));
        if (tile.length === 256) above.push(root(tile));
      }
      row = above;
    }
    return made;
  }
}
