import type { ServiceContext } from '../../database/context.ts';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { read } from '../../database/read-door.ts';
import { findRow } from '../../database/rows.ts';
import { defineErrors } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { CredentialEntity } from '../credential.entity.ts';
import { verifyPassword } from '../passwords.ts';
import { SessionEntity } from '../session.entity.ts';
import { accountBudget, type Budget, counted } from '../throttle.ts';
import type { IdentityProof } from './identity-proof.schema.ts';
import { findTotp, takeTotpCode } from './totp.queries.ts';

export const proofErrors = defineErrors({
  identity_not_proven: {
    kind: 'forbidden',
    message:
      'Show once more who you are: give your password or a code of your app, or sign in again if you have neither.',
    cause: 'The operation changes how you sign in, so a valid session is not enough.',
    remedy:
      'Send your password or a code of your authenticator app with the request. If you have neither, sign in again and repeat the request within 10 minutes.',
  },
});

/** How long a sign-in proves the identity of a user with neither a password nor an app. */
const freshMs = 10 * 60_000;

/** The budgets for wrong codes of the app, in the same order everywhere. */
export const codeBudgets = (ctx: ServiceContext, userId: string): Budget[] => [
  accountBudget(ctx, 'second-factor', userId),
  accountBudget(ctx, 'second-factor-day', userId),
];

/** Reads by what a user can prove their identity. */
const proofsOf = (ctx: ServiceContext, { userId, sessionId }: Principal) =>
  read(ctx, async (db) => {
    const credential = await findRow(db, CredentialEntity, { userId });
    const session = sessionId === null ? undefined : await findRow(db, SessionEntity, { id: sessionId });
    return {
      passwordHash: credential?.passwordHash ?? null,
      hasTotp: (await findTotp(db, userId)) !== null,
      signedInAt: session?.createdAt ?? null,
    };
  });

/**
 * Asks the signed-in user to prove their identity again: by their password, or by a code of their app. A user with neither must have
 * signed in recently. Call it outside of any transaction, because it hashes.
 * @throws `identity_not_proven`, `rate_limited`
 */
export async function proveIdentity(
  ctx: ServiceContext & { readonly principal: Principal },
  { password, code }: IdentityProof,
): Promise<void> {
  const { userId } = ctx.principal;
  const { passwordHash, hasTotp, signedInAt } = await proofsOf(ctx, ctx.principal);
  const proven = async (): Promise<boolean> => {
    if (password !== undefined)
      return counted(ctx, [accountBudget(ctx, 'password', userId)], () => verifyPassword(passwordHash, password));
    if (code !== undefined)
      return counted(ctx, codeBudgets(ctx, userId), () =>
        writeThroughIdentityDoor(ctx, (unit) => takeTotpCode(unit, userId, code)),
      );
    if (passwordHash !== null || hasTotp || signedInAt === null) return false;
    return ctx.clock.now().getTime() - Date.parse(signedInAt) <= freshMs;
  };
  if (!(await proven())) throw proofErrors.identity_not_proven();
}
