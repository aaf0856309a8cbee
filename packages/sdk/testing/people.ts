import { randomUUID } from 'node:crypto';
import type { Tenon } from '../src/index.ts';

export interface Person {
  login: string;
  password: string;
  organizationId: string;
}

/** Registers a person who owns an organization, and verifies their address. It does not sign them in. */
export async function registerOwner(tenon: Tenon): Promise<Person> {
  const login = `${randomUUID()}@example.com`;
  const password = 'correct horse battery staple';
  const registered = await tenon.auth.register({ email: login, password, organizationName: 'Harbour Works' });
  const { organization, verificationToken } = registered;
  if (!organization || verificationToken === undefined) throw new Error('There should be an organization and a token.');
  await tenon.auth.verifyEmail({ token: verificationToken });
  return { login, password, organizationId: organization.id };
}
