import { defineErrors, errors } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';

export const sessionLimits = defineErrors({
  session_limited: {
    kind: 'forbidden',
    message:
      'You signed in at an issuer of your organization, so this session is valid there only: sign in to your account directly for this.',
    cause:
      'The session began at an identity provider of an organization. Such a session is valid for that organization only, and not for the account.',
    remedy: 'Sign in to the account directly, with its password or a passkey, and repeat the request.',
  },
});

/** A request with a principal. */
type Caller = { readonly principal: Principal };

/**
 * The first line of operations that only read who the caller is. Sessions that are valid in one organization only may also use
 * them.
 * @throws `unauthenticated` for an anonymous caller
 */
export function requireCaller(ctx: { readonly principal: Principal | null }): asserts ctx is Caller {
  if (!ctx.principal) throw errors.unauthenticated();
}

/**
 * The first line of what users do to their own account, or outside a single organization.
 * @throws `unauthenticated` for an anonymous caller
 * @throws `session_limited` for a session that started at an organization's own issuer, which must not get that far
 */
export function requireSignedIn(ctx: { readonly principal: Principal | null }): asserts ctx is Caller {
  requireCaller(ctx);
  if (ctx.principal.limited) throw sessionLimits.session_limited();
}
