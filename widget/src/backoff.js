// How long to wait before the next try, so that a crowd whose line came back doesn't come back all at once.

const FIRST_MS = 1_000;
const LONGEST_MS = 32_000;
/** After so many tries in a row, about three minutes, only the visitor or the browser's word that it is online tries again. */
export const TRIES = 10;

/** Milliseconds before try number `failures` + 1: doubled each time, between half and all of it. Null: give up. */
export function backoff(failures, random = Math.random) {
  if (failures >= TRIES) return null;
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
  return most / 2 + (random() * most) / 2;
}
