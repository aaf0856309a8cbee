import type { CoreSettings } from '../kernel/settings.ts';
import { mac } from './keys.ts';

/**
 * How long a spent refresh token still answers its successor, in milliseconds: parallel refreshes of one client, and an
 * answer that was lost, do no harm.
 */
export const refreshGraceMs = 10_000;

/** The token that follows. It is derived, so that it is the same however often it is asked for, and stored nowhere. */
export const successorOf = (settings: CoreSettings, token: string): string =>
  mac(settings, 'refresh-token', token).toString('base64url');
