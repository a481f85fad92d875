// The one family of numbers that stands in the metrics alone, read out of Prometheus' text.

/** By `label`, the value of each sample of `family`. */
export function samples(text, family, label) {
  const found = new Map();
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${family}{`)) continue;
    const name = new RegExp(`[{,]${label}="((?:[^"\\\\]|\\\\.)*)"`).exec(line)?.[1];
    const value = Number(
      line
        .slice(line.lastIndexOf('}') + 1)
        .trim()
        .split(' ')[0],
    );
    if (name !== undefined && Number.isFinite(value)) found.set(name, value);
  }
  return found;
}
