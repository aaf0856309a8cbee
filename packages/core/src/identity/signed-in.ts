import { defineErrors, errors } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';

export const sessionLimits = defineErrors({
  session_limited: {
    kind: 'forbidden',
    message:
      'You signed in at an issuer of your organization, which opens that organization alone: sign in to your account itself for this.',
  },
});

/** Somebody who acts, whoever says who they are. */
type Caller = { readonly principal: Principal };

/**
 * Refuses anonymous callers alone: the first line of what reads who is acting, which a session does too that holds in one
 * organization only.
 * @throws `unauthenticated`
 */
export function requireCaller(ctx: { readonly principal: Principal | null }): asserts ctx is Caller {
  if (!ctx.principal) throw errors.unauthenticated();
}

/**
 * Refuses who is not signed in to their account: the first line of what anybody may do to their own account, or beyond one
 * organization. An issuer that an organization has chosen must not get that far.
 * @throws `unauthenticated`, `session_limited`
 */
export function requireSignedIn(ctx: { readonly principal: Principal | null }): asserts ctx is Caller {
  requireCaller(ctx);
  if (ctx.principal.limited) throw sessionLimits.session_limited();
}
