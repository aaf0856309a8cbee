import { type Mutation, mutation } from './mutation.ts';
import { identity } from './sources.ts';

/** Who somebody is. */
export const identityRules: readonly Mutation[] = [
  {
    name: 'instance: administrators alone',
    patches: [{ file: `${identity}/instance-admin.ts`, find: 'ctx.principal.instanceAdmin === true', replace: 'true' }],
    masks: [],
    tests: [`${identity}/instance-users.test.ts`],
  },
  mutation('sessions: only of the user', `${identity}/session.service.ts`, ".where('user_id', '=', userId)", '', [
    `${identity}/instance-users.test.ts`,
  ]),
  mutation('sessions: at most three', `${identity}/session.service.ts`, 'if (tooMany.length > 0)', 'if (false)', [
    `${identity}/own-sessions.test.ts`,
  ]),
  mutation(
    'passwords: a token once',
    `${identity}/password.service.ts`,
    'if (!(await findResettable(ctx, unit.db, claim))) throw invalidToken();',
    '',
    [`${identity}/password.test.ts`],
  ),
  mutation('throttle', `${identity}/throttle.ts`, 'oldest === undefined ? 0', 'true ? 0', [
    `${identity}/throttle.test.ts`,
  ]),
  mutation(
    'addresses: an unproven one undoes nothing',
    `${identity}/email-change.service.ts`,
    'from.emailVerifiedAt === null ? null',
    'false ? null',
    [`${identity}/email-change.test.ts`],
  ),
  mutation(
    'addresses: kept for who had it',
    `${identity}/registration.service.ts`,
    'if (await isKept(db, emailKey, now)) throw userErrors.email_taken();',
    '',
    [`${identity}/email-change.test.ts`],
  ),
];
