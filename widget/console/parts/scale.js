// The axis of a chart: round steps from zero to beyond the largest value. All in BigInt, so that money stays exact.

/** The marks of an axis, from 0n; four or five steps of 1, 2 or 5 times a power of ten. `largest` of 0n gives a single empty step. */
export function ticks(largest, least = 1n) {
  const step = roundUp(largest > 0n ? (largest + 3n) / 4n : least, least);
  const marks = [0n];
  while (marks.at(-1) < largest || marks.length < 2) marks.push(marks.at(-1) + step);
  return marks;
}

function roundUp(size, least) {
  let power = least;
  for (;;) {
    for (const factor of [1n, 2n, 5n]) if (factor * power >= size) return factor * power;
    power *= 10n;
  }
}
