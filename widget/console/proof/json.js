// JSON read without losing anything: numbers keep their digits, names their order, and a name that is there twice is
// refused, since readers would differ in which of the two they see. JSON.parse rounds whatever is past 2^53.
import { Refuted } from './bytes.js';

/** Longest text that is read, in characters. An entry has a few hundred. */
export const MAX_TEXT = 1 << 20;
const MAX_DEPTH = 16;

/** A number as it is written. */
export class Digits {
  constructor(text) {
    this.text = text;
  }

  /** Null unless it is a whole number from `least` to `most`, without a point or an exponent. */
  whole(least, most) {
    if (!/^(0|-?[1-9][0-9]{0,19})$/.test(this.text)) return null;
    const value = BigInt(this.text);
    return value >= least && value <= most ? value : null;
  }
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const BLANKS = /[ \t\n\r]*/y;
const WORDS = { true: true, false: false, null: null };
const WORD = /true|false|null/y;

/** Objects become a Map, numbers `Digits`; the rest is as JSON.parse has it. `most`: characters that are read at most. */
export function readJson(text, most = MAX_TEXT) {
  if (text.length > most) throw new Refuted('too_long', `It is longer than ${most} characters.`);
  let at = 0;
  const broken = (what = 'It is no JSON') => new Refuted('not_json', `${what} (at character ${at}).`);
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const string = () => {
    if (text[at] !== '"') throw broken();
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    let value;
    try {
      // One string alone: nothing can be lost here, and escapes have their one reading.
      value = JSON.parse(text.slice(at, end + 1));
    } catch {
      throw broken();
    }
    if (/\p{Surrogate}/u.test(value)) throw broken('It has half a character');
    at = end + 1;
    return value;
  };
  const next = () => {
    take(BLANKS);
    return text[at];
  };
  // The items of a list or an object, up to its closing letter.
  const items = (close, item) => {
    at += 1;
    if (next() === close) return void (at += 1);
    for (;;) {
      next();
      item();
      const letter = next();
      at += 1;
      if (letter === close) return;
      if (letter !== ',') throw broken();
    }
  };
  const value = (depth) => {
    if (depth > MAX_DEPTH) throw broken('It is nested too deeply');
    const letter = next();
    if (letter === '"') return string();
    if (letter === '[') {
      const list = [];
      items(']', () => list.push(value(depth + 1)));
      return list;
    }
    if (letter === '{') {
      const object = new Map();
      items('}', () => {
        const name = string();
        if (object.has(name)) throw broken(`The name ${JSON.stringify(name)} is there twice`);
        if (next() !== ':') throw broken();
        at += 1;
        object.set(name, value(depth + 1));
      });
      return object;
    }
    const number = take(NUMBER);
    if (number !== undefined) return new Digits(number);
    const word = take(WORD);
    if (word === undefined) throw broken();
    return WORDS[word];
  };
  const whole = value(0);
  if (next() !== undefined) throw broken('Something follows the JSON');
  return whole;
}
