// What is left and what this visit used. Money is whole nano-dollars in a BigInt: no float ever touches it.

const NANOS = 1_000_000_000n;

/** Reads a decimal string (or number) of dollars; null when it isn't one. Digits past the ninth are dropped. */
export function parseNanos(value) {
  const match = /^(-?)(\d{1,12})(?:\.(\d+))?$/.exec(String(value ?? '').trim());
  if (!match) return null;
  const nanos = BigInt(match[2]) * NANOS + BigInt((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  return match[1] ? -nanos : nanos;
}

/** Dollars as `language` writes them, with two digits where that says something and six where the amount is small. */
export function formatUsd(nanos, language = 'en', digits = nanos && nanos < NANOS ? 6 : 2) {
  const style = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' };
  return new Intl.NumberFormat(language, { ...style, minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: 'trunc' })
    .format(`${nanos}E-9`); // as text: a formatter takes its digits as they are, where a number would be a float
}

/** `75` becomes `1:15`, `3725` becomes `1:02:05`. */
export function formatSeconds(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [first, ...rest] = parts[0] > 0 ? parts : parts.slice(1);
  return [first, ...rest.map((part) => String(part).padStart(2, '0'))].join(':');
}

/** Keeps the account of one visit from the `remaining` of each tick. */
export class Budget {
  #first = null;
  #left = null;
  #used = 0n;
  #seconds = null;

  update(remaining) {
    const left = parseNanos(remaining?.cost_usd);
    if (left !== null) {
      // The budget is shared and can also grow again (another visitor's hold is released): count only what goes down.
      if (this.#left !== null && left < this.#left) this.#used += this.#left - left;
      if (this.#first === null || left > this.#first) this.#first = left;
      this.#left = left;
    }
    const seconds = Number(remaining?.seconds ?? Number.NaN);
    if (Number.isFinite(seconds)) this.#seconds = seconds;
  }

  /** Null until the first tick has said something. */
  reading(language) {
    if (this.#left === null && this.#seconds === null) return null;
    const share = this.#first ? Number((this.#left * 1_000n) / this.#first) / 10 : 100;
    return {
      left: this.#left === null ? null : formatUsd(this.#left, language, 4),
      used: this.#left === null ? null : formatUsd(this.#used, language),
      seconds: this.#seconds === null ? null : formatSeconds(this.#seconds),
      percent: Math.min(100, Math.max(0, share)),
    };
  }
}
