import type { CoreSettings } from '../kernel/settings.ts';
import { mac } from './keys.ts';

/**
 * How long a used refresh token still gets the same successor, in milliseconds, so that parallel refreshes of one client and lost
 * answers do no harm.
 */
export const refreshGraceMs = 10_000;

/** The token that replaces this one. It is derived, so every request gets the same successor without storing it. */
export const successorOf = (settings: CoreSettings, token: string): string =>
  mac(settings, 'refresh-token', token).toString('base64url');
