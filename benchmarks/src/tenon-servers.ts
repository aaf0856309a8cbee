import { type Databases, encryptionKey, publicUrl, secretKey } from './databases.ts';
import { files, type RunningServer, startServer } from './servers.ts';
import { taskFields } from './task-fields.ts';

export const serverSettings = (databases: Databases): Record<string, string> => ({
  ...databases.settings,
  SECRET_KEY: secretKey,
  ENCRYPTION_KEY: encryptionKey,
  PUBLIC_URL: publicUrl,
  MIGRATE_ON_START: 'false',
  // Measuring both databases takes longer than the default lifetime of a token.
  ACCESS_TOKEN_EXPIRE_MINUTES: '1440',
  // All users sign in at the same time from one address.
  AUTH_ATTEMPTS_PER_ADDRESS: '100000',
});

export const startTenon = (databases: Databases): Promise<RunningServer> =>
  startServer([files.tenon, 'serve'], serverSettings(databases));

/** Starts the server from its sources. A profile then names their files, and `inside.ts` can count the calls of their libraries. */
export const startSources = (databases: Databases, ...nodeOptions: string[]): Promise<RunningServer> =>
  startServer([...nodeOptions, files.sources, 'serve'], serverSettings(databases));

export const startCeiling = (databases: Databases, ...nodeOptions: string[]): Promise<RunningServer> =>
  startServer([...nodeOptions, files.ceiling], {
    ...serverSettings(databases),
    DATABASE_URL: databases.ceilingUrl,
    TASK_FIELDS: JSON.stringify(taskFields),
  });

export const signInAt =
  (url: string, password: string) =>
  async (login: string): Promise<string> => {
    const response = await fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login, password, tokenTransport: 'body' }),
    });
    const text = await response.text();
    const answer: unknown = JSON.parse(text);
    if (
      typeof answer === 'object' &&
      answer !== null &&
      'accessToken' in answer &&
      typeof answer.accessToken === 'string'
    )
      return answer.accessToken;
    throw new Error(`${login} cannot sign in: ${text}`);
  };
