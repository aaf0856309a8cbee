import type { ServiceContext } from '../database/context.ts';
import {
  changeEmail,
  confirmEmail,
  type Login,
  type SignedIn,
  type SignInTransport,
  type User,
  verifyEmail,
} from '../identity/index.ts';
import type { MutationRequest } from '../kernel/mutation.ts';
import type { Platform } from '../platform.ts';
import { type ChosenOrganization, login, type Organization, register } from '../tenancy/index.ts';
import { accountTokens } from './accounts.ts';

export const password = 'correct horse battery';

export interface FakeTransport extends SignInTransport {
  refreshCookie: string | null;
  /** Everything that was set, in order. */
  readonly cookies: (string | null)[];
}

/** A browser that sends back the cookie it got last. */
export function fakeTransport(): FakeTransport {
  const cookies: (string | null)[] = [];
  return {
    cookies,
    refreshCookie: null,
    setRefreshCookie(token) {
      cookies.push(token);
      this.refreshCookie = token;
    },
    userAgent: 'vitest',
  };
}

export const anonymous = (platform: Platform, address = '192.0.2.1'): ServiceContext =>
  platform.context({ principal: null, address });

export const loginInput = (input: Partial<Login>): Login => ({ password, tokenTransport: 'body', ...input });

export const signIn = (platform: Platform, input: Partial<Login>): Promise<SignedIn> =>
  login(anonymous(platform), loginInput(input), fakeTransport());

/** Makes the context that the API would make for this access token or API key. */
export async function contextOf(
  platform: Platform,
  accessToken: string,
  need: 'none' | 'optional' | 'required' = 'optional',
  chosen: ChosenOrganization = {},
  mutation?: Partial<MutationRequest>,
): Promise<ServiceContext> {
  const principal = await platform.principal(await platform.authenticate(accessToken), need, chosen);
  const defaults = {
    procedure: 'test',
    input: null,
    idempotencyKey: null,
    ifMatch: null,
    dryRun: false,
    secretAnswer: false,
  };
  return platform.context({ principal, ...(mutation ? { mutation: { ...defaults, ...mutation } } : {}) });
}

export interface SignedUpPerson {
  email: string;
  user: User;
  organization: Organization | null;
  accessToken: string;
  refreshToken: string;
  /** A fresh context of this person. */
  ctx(
    need?: 'none' | 'optional' | 'required',
    chosen?: ChosenOrganization,
    mutation?: Partial<MutationRequest>,
  ): Promise<ServiceContext>;
}

let sequence = 0;

export const newEmail = (): string => `person-${++sequence}@example.com`;

/** Registers a person, verifies their address and signs them in. */
export async function signUp(
  platform: Platform,
  input: { email?: string; username?: string; fullName?: string; organizationName?: string } = {},
): Promise<SignedUpPerson> {
  const email = input.email ?? newEmail();
  const registered = await register(anonymous(platform), { ...input, email, password });
  await verifyEmail(anonymous(platform), { token: registered.verificationToken ?? '' });
  const signedIn = await signIn(platform, { login: email });
  return {
    email,
    user: signedIn.user,
    organization: registered.organization,
    accessToken: signedIn.accessToken,
    refreshToken: signedIn.refreshToken ?? '',
    ctx: (need, chosen, mutation) => contextOf(platform, signedIn.accessToken, need, chosen, mutation),
  };
}

/** Changes somebody's address, and answers the new one. The old one stays reserved for them for a while. */
export async function moveAddress(platform: Platform, person: SignedUpPerson): Promise<string> {
  const email = newEmail();
  await changeEmail(await person.ctx('none'), { email, currentPassword: password });
  const { confirm } = await accountTokens(platform, person.user.id);
  await confirmEmail(anonymous(platform), { token: confirm });
  return email;
}

/** The stable code with which a service refuses, or `passed` if it does not. */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'passed',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  );

/** The distinct codes of parallel work. It awaits all at once, because a late-awaited rejection counts as unhandled. */
export const codesOf = async (work: readonly Promise<unknown>[]): Promise<string[]> => [
  ...new Set(await Promise.all(work.map((one) => codeOf(one)))),
];
