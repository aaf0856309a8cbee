import { expect, it } from 'vitest';
import type { ServiceContext } from '../../database/context.ts';
import * as identity from '../../identity/index.ts';
import { systemClock } from '../../kernel/clock.ts';
import type { Principal } from '../../kernel/principal.ts';
import { codeOf } from '../../testing/people.ts';
import * as tenancy from '../index.ts';

/*
 * What a session does that began at an organization's issuer: nothing to the account, nor beyond the organization. Every function
 * of these contexts is called here; what asks who is signed in has to ask for more than such a session.
 */

/** Reading who is acting, what they may do, and the pictures of other members needs no more; nor does what a refresh token alone decides. */
const open = ['explainAccess', 'getCurrentAccess', 'getCurrentUser', 'getOwnAccess', 'getUserAvatar', 'refresh'];

const limited: Principal = {
  userId: '0190a0a0-0000-7000-8000-000000000001',
  sessionId: '0190a0a0-0000-7000-8000-000000000002',
  emailVerified: true,
  limited: true,
  instanceAdmin: true,
  organizationId: '0190a0a0-0000-7000-8000-000000000003',
  grants: [],
};

type Service = (ctx: ServiceContext, ...rest: unknown[]) => Promise<unknown>;
const isService = (value: unknown): value is Service =>
  typeof value === 'function' && value.constructor.name === 'AsyncFunction';

const services = new Map<string, Service>();
for (const [name, value] of Object.entries<unknown>({ ...identity, ...tenancy }))
  if (isService(value)) services.set(name, value);

const anything: object = new Proxy({}, { get: () => undefined });

/** What it says to a caller, in a context that knows nothing else: whoever needs more has let them pass. */
async function answerTo(principal: Principal | null, service: Service): Promise<string> {
  const ctx = new Proxy(
    { principal, clock: systemClock },
    { get: (target, name) => Reflect.get(target, name) ?? passed(name) },
  );
  return codeOf(service(ctx as ServiceContext, anything, anything));
}

function passed(name: string | symbol): null {
  if (name === 'principal') return null;
  throw new Error('passed');
}

it('a session that holds in one organization only does nothing to the account', async () => {
  const answers = new Map<string, string>();
  for (const [name, service] of services)
    if ((await answerTo(null, service)) === 'unauthenticated') answers.set(name, await answerTo(limited, service));
  const named = (code: (answer: string) => boolean) =>
    [...answers].filter(([, answer]) => code(answer)).map(([name]) => name);
  expect(named((answer) => !['session_limited', 'permission_denied'].includes(answer)).toSorted()).toEqual(open);
  expect(named((answer) => answer === 'session_limited')).toEqual(
    expect.arrayContaining(['changePassword', 'linkOidc', 'createOrganization', 'acceptInvitation', 'deactivateUser']),
  );
});
