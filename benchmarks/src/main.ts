import { mkdirSync, writeFileSync } from 'node:fs';
import { type Databases, encryptionKey, prepareDatabases, publicUrl, secretKey } from './databases.ts';
import { measure, type Measured, runOnce, type Target } from './measure.ts';
import { type Dialect, type Options, readOptions, type Surface, surfaces } from './options.ts';
import { assertSameWork } from './probe.ts';
import { profile } from './profile.ts';
import { tableOf } from './report.ts';
import { openRows } from './rows.ts';
import { type Organization, readScene } from './scene.ts';
import { files, type RunningServer, startServer } from './servers.ts';
import { measureStarts } from './start.ts';
import { taskFields } from './task-fields.ts';

const serverSettings = (databases: Databases): Record<string, string> => ({
  ...databases.settings,
  SECRET_KEY: secretKey,
  ENCRYPTION_KEY: encryptionKey,
  PUBLIC_URL: publicUrl,
  MIGRATE_ON_START: 'false',
  // Measuring both databases takes longer than the default lifetime of a token.
  ACCESS_TOKEN_EXPIRE_MINUTES: '1440',
  // All users sign in at once, from one address.
  AUTH_ATTEMPTS_PER_ADDRESS: '100000',
});

const startTenon = (databases: Databases): Promise<RunningServer> =>
  startServer([files.tenon, 'serve'], serverSettings(databases));

const startCeiling = (databases: Databases): Promise<RunningServer> =>
  startServer([files.ceiling], {
    ...serverSettings(databases),
    DATABASE_URL: databases.ceilingUrl,
    TASK_FIELDS: JSON.stringify(taskFields),
  });

const signInAt =
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

/** Sends requests until all code is compiled (about ten thousand are needed), all statements are prepared, and all caches are full. */
async function warmUp(
  targets: Readonly<Record<Surface, Target>>,
  organizations: readonly Organization[],
  options: Options,
): Promise<void> {
  for (const operation of options.operations)
    for (const surface of surfaces)
      await runOnce(targets[surface], surface, operation, 32, 2 * options.seconds + 2, organizations);
}

async function measureDatabase(dialect: Dialect, databases: Databases, options: Options): Promise<Measured[]> {
  const [tenon, ceiling] = [await startTenon(databases), await startCeiling(databases)];
  const [tenonRows, ceilingRows] = [await openRows(databases.ownerUrl), await openRows(databases.ceilingUrl)];
  try {
    const organizations = await readScene(tenonRows, signInAt(tenon.url, databases.password));
    const urls = { rest: tenon.url, trpc: tenon.url, ceiling: ceiling.url };
    await assertSameWork(urls, surfaces, options.operations, organizations);
    const ours: Target = { url: tenon.url, rows: tenonRows };
    const targets = { rest: ours, trpc: ours, ceiling: { url: ceiling.url, rows: ceilingRows } };
    await warmUp(targets, organizations, options);
    const figures: Measured[] = [];
    for (const operation of options.operations)
      for (const connections of options.connections) {
        const measured = await measure(dialect, operation, connections, targets, organizations, options);
        console.log(tableOf(measured).split('\n').slice(2).join('\n'));
        figures.push(...measured);
      }
    return figures;
  } finally {
    await Promise.all([tenonRows.close(), ceilingRows.close()]);
    await Promise.all([tenon.stop(), ceiling.stop()]);
  }
}

async function profileDatabase(
  dialect: Dialect,
  databases: Databases,
  folder: string,
  options: Options,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const rows = await openRows(databases.ownerUrl);
  try {
    for (const operation of options.operations)
      await profile({
        name: `${dialect}-${operation}`,
        folder,
        start: (...nodeOptions) => startServer([...nodeOptions, files.sources, 'serve'], serverSettings(databases)),
        async run(url, seconds) {
          const organizations = await readScene(rows, signInAt(url, databases.password));
          return (warm: boolean) => runOnce({ url, rows }, 'rest', operation, 32, warm ? 2 : seconds, organizations);
        },
      });
  } finally {
    await rows.close();
  }
}

const options = readOptions(process.argv.slice(2));
if (options.starts) {
  await measureStarts(options.rounds + 2);
  process.exit();
}
const figures: Measured[] = [];
for (const dialect of options.dialects) {
  console.log(`${dialect}: seeding ${options.tasks} tasks in ${options.organizations} organizations`);
  const databases = await prepareDatabases(dialect, options);
  try {
    if (options.profileFolder !== null) await profileDatabase(dialect, databases, options.profileFolder, options);
    else figures.push(...(await measureDatabase(dialect, databases, options)));
  } finally {
    await databases.drop();
  }
}
if (options.profileFolder === null) console.log(`\n${tableOf(figures)}`);
if (options.jsonFile !== null) {
  const published = figures.map(({ clientBusy: _, ...figure }) => figure);
  writeFileSync(options.jsonFile, `${JSON.stringify(published, null, 2)}\n`);
}
