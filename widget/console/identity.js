// Who is signed in. The key lives in this tab's session storage and nowhere else: another tab doesn't have it, closing the
// tab or signing out forgets it.
import { Gate } from './api.js';

const PLACE = 'tollgate.console';

/** `{ key, role: 'operator' | 'tenant', tenant }`, or null. */
export function remembered() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(PLACE));
    const sound =
      typeof kept?.key === 'string' && ['operator', 'tenant'].includes(kept.role) && (kept.role === 'operator') === (kept.tenant === null);
    return sound ? kept : null;
  } catch {
    return null;
  }
}

export function remember(identity) {
  try {
    sessionStorage.setItem(PLACE, JSON.stringify(identity));
  } catch {
    // A browser that keeps nothing for us: the key is gone with the page, which is no harm.
  }
}

export function forget() {
  try {
    sessionStorage.removeItem(PLACE);
  } catch {
    // Then there was nothing either.
  }
}

/**
 * Asks the gate whose key this is: the sums per day are the deployment's for the operator (`tenant_id` null) and a tenant's
 * own for its secret key. A GateError where it is neither.
 */
export async function identify(key, signal) {
  const { tenant_id: tenant } = await new Gate(key).get('/v1/usage/days', { signal });
  return { key, role: tenant === null ? 'operator' : 'tenant', tenant };
}
