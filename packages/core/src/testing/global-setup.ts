import { prepareTemplate } from './databases.ts';
import { startPostgres } from './postgres.ts';

/** One PostgreSQL server for a whole test run; every test file copies a migrated database in it. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['TENON_TEST_POSTGRES']) return undefined;
  const postgres = await startPostgres();
  await prepareTemplate(postgres.url);
  process.env['TENON_TEST_POSTGRES'] = postgres.url;
  return async () => {
    delete process.env['TENON_TEST_POSTGRES'];
    await postgres.stop();
  };
}
