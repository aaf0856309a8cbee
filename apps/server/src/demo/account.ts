import { randomInt } from 'node:crypto';
import { DomainError, type Platform, resetPassword, resetTokenFor } from '@tenon/core';
import { StartError } from '@tenon/core/start';

const letters = 'abcdefghjkmnpqrstuvwxyz23456789';

/** About 80 random bits, in characters that are easy to type. */
export const newPassword = (): string =>
  Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('')).join(
    '-',
  );

export const addressOf = (username: string): string => `${username}@example.com`;

/** The address of the owner of the demo organization. */
export const demoLogin = addressOf('demo');

/** The slug that the demo organization has as the first one of an installation. */
const demoSlug = 'berg-outdoor';

/** Makes a reset token for the demo user. Answers null unless they are an active member of the demo organization. */
async function demoToken(platform: Platform): Promise<string | null> {
  const found = await resetTokenFor(platform.context({ principal: null }), demoLogin);
  if (!found) return null;
  const identity = { sessionId: null, emailVerified: true, activeOrganizationId: null, sessionStartedAt: null };
  try {
    await platform.principal({ ...identity, userId: found.userId }, 'required', { path: demoSlug });
    return found.token;
  } catch (error) {
    if (error instanceof DomainError && error.kind !== 'unavailable') return null;
    throw error;
  }
}

/** Whether there is a demo user who can sign in. */
export const hasDemo = async (platform: Platform): Promise<boolean> => (await demoToken(platform)) !== null;

/**
 * Gives the demo user a new password, which ends their sessions.
 * @returns the password
 * @throws StartError when there is no demo organization
 */
export async function resetDemoPassword(platform: Platform): Promise<string> {
  const token = await demoToken(platform);
  if (token === null)
    throw new StartError('There is no demo organization here. The first start on an empty SQLite database creates it.');
  const password = newPassword();
  await resetPassword(platform.context({ principal: null }), { token, password });
  return password;
}
