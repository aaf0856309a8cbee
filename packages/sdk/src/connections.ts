import type { AccessTokens } from './access-tokens.ts';
import type { Settings } from './settings.ts';

/** What a client sends with. */
export interface Connection {
  readonly settings: Settings;
  readonly tokens: AccessTokens;
}

/** The connections of the clients that were created, for the other entries of the package. */
export const connections = new WeakMap<object, Connection>();
