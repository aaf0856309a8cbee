import { errors } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';

/**
 * Refuses anonymous callers: the first line of what anybody may do who is signed in.
 * @throws `unauthenticated`
 */
export function requireSignedIn(ctx: {
  readonly principal: Principal | null;
}): asserts ctx is { readonly principal: Principal } {
  if (!ctx.principal) throw errors.unauthenticated();
}
