// Bytes and the exact text forms of the log's formats: each value has one spelling, and every other is refused.

/** Evidence that doesn't hold: `name` is one word for programs, `message` a sentence for people, `facts` what it speaks of. */
export class Refuted extends Error {
  constructor(name, message, facts = []) {
    super(message);
    this.name = name;
    this.facts = facts;
  }
}

/** A question this browser has no means to answer; it is neither a yes nor a no. */
export class Unable extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function same(a, b) {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** UTF-8. Half a character has no bytes; an encoder would put a replacement there, and two texts would become one. */
export function utf8(text) {
  if (/\p{Surrogate}/u.test(text)) throw new Refuted('not_text', 'It has half a character in it.');
  return new TextEncoder().encode(text);
}

/** The text of UTF-8 bytes, a byte order mark included; null when they are none. */
export function text(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Null unless it is pairs of lower-case digits. */
export function unhex(digits) {
  if (!/^([0-9a-f]{2})*$/.test(digits)) return null;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toBase64(bytes) {
  let letters = '';
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}

/** Standard base64 with its padding, and zero in the bits left over; null for anything else. */
export function fromBase64(letters) {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(letters)) return null;
  try {
    const bytes = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
    return toBase64(bytes) === letters ? bytes : null;
  } catch {
    return null;
  }
}

export function hash32(letters) {
  const bytes = fromBase64(letters);
  return bytes?.length === 32 ? bytes : null;
}

/** A size as people read it. */
export const many = (size) => size.toLocaleString('en-US');

export const MAX_U64 = 2n ** 64n - 1n;

/** A number without sign, blanks or leading zeros, up to 2^64 - 1; null for anything else. */
export function decimal(digits) {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(digits)) return null;
  const value = BigInt(digits);
  return value <= MAX_U64 ? value : null;
}
