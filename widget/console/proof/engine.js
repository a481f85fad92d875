// The browser's own cryptography. Where it is missing, that is said: a check that didn't happen is never a "valid".
import { concat, Refuted, Unable, utf8 } from './bytes.js';

const ED25519 = { name: 'Ed25519' };

// The y of every point of small order, for whose "key" anybody can make signatures; the sign bit is looked at apart.
const WEAK = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

export function isWeak(key) {
  const y = Uint8Array.from(key);
  y[31] &= 0x7f;
  return WEAK.includes(Array.from(y, (byte) => byte.toString(16).padStart(2, '0')).join(''));
}

/** Digests and signatures, out of a Web Crypto object. */
export class Engine {
  #subtle;

  constructor(crypto = globalThis.crypto) {
    this.#subtle = crypto?.subtle ?? null;
  }

  async sha256(...parts) {
    if (!this.#subtle) {
      throw new Unable('no_crypto', 'This browser offers no cryptography to this page. It does over https, and on localhost.');
    }
    return new Uint8Array(await this.#subtle.digest('SHA-256', concat(...parts)));
  }

  /** Whether the Ed25519 key made this signature of the text. */
  async verifies(key, signature, text) {
    if (!this.#subtle) {
      throw new Unable('no_crypto', 'This browser offers no cryptography to this page. It does over https, and on localhost.');
    }
    let imported;
    try {
      imported = await this.#subtle.importKey('raw', key, ED25519, false, ['verify']);
    } catch (error) {
      // Only a browser that knows Ed25519 can find the key itself bad.
      if (error.name === 'DataError') throw new Refuted('key_malformed', 'The key is no Ed25519 key.');
      throw new Unable('no_ed25519', 'This browser can’t check Ed25519 signatures. Chrome and Edge 137, Firefox 129 and Safari 17 can, and later ones.');
    }
    return signature.length === 64 && this.#subtle.verify(ED25519, imported, signature, utf8(text));
  }
}
