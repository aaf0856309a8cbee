import { prepareTemplate } from './databases.ts';
import { type PostgresMajor, sharedServer, startPostgresOrExit } from './postgres.ts';

/** Starts one PostgreSQL server for a whole test run; every test file copies a migrated database in it. */
export async function shareServer(major: PostgresMajor): Promise<(() => Promise<void>) | undefined> {
  const variable = sharedServer(major);
  if (process.env[variable]) return undefined;
  const postgres = await startPostgresOrExit({ major });
  try {
    await prepareTemplate(postgres.url);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  process.env[variable] = postgres.url;
  return async () => {
    delete process.env[variable];
    await postgres.stop();
  };
}

export default () => shareServer(18);
