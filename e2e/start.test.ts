import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordMigration } from '../packages/core/src/testing/index.ts';
import { callerOf, login, type Page } from './support/api.ts';
import { freePort, runTenon, type RunningTenon, startServer, temporaryDirectory } from './support/server.ts';

let directory: ReturnType<typeof temporaryDirectory>;

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

describe('several first starts at once on an empty folder', { timeout: 120_000 }, () => {
  it('all succeed, share their secrets, and one of them makes the demo', async () => {
    // Access tokens name the address of the server.
    const variables = { DATA_DIR: directory.path, PUBLIC_URL: 'http://localhost:8000' };
    const starts = Array.from({ length: 4 }, () => startServer(variables));
    const settled = await Promise.allSettled(starts);
    const servers = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    try {
      expect(settled.filter(({ status }) => status === 'rejected')).toEqual([]);
      const welcomes = servers.filter(({ stdout }) => stdout.includes('Password'));
      expect(welcomes).toHaveLength(1);
      const [first] = welcomes as [RunningTenon];
      const [, name = '', password = ''] = /Login\s+(\S+)\s+Password\s+(\S+)/.exec(first.stdout) ?? [];
      const token = await login(first.url, name, password);
      for (const { url } of servers)
        expect((await callerOf(url, token).get<Page>('/tasks?total=true')).total).toBeGreaterThanOrEqual(4);
    } finally {
      await Promise.all(servers.map((server) => server.kill('SIGKILL')));
    }
  });
});

interface Obstacle {
  /** Makes the obstacle in the folder of the data, once a database is there. Answers the settings. */
  make: (folder: string) => Record<string, string> | Promise<Record<string, string>>;
  /** Part of the sentence. */
  says: RegExp;
  /** The commands that it concerns. @default ['serve'] */
  commands?: readonly (readonly string[])[];
}

const everyCommand = [
  ['serve'],
  ['migrate'],
  ['admin', 'grant', 'ada@example.com'],
  ['secrets', 'rotate'],
  ['organizations', 'set-tier', 'acme', 'pro'],
  ['seed', '--tasks', '1', '--organizations', '1'],
];
const withoutMigration = everyCommand.filter(([name]) => name !== 'migrate' && name !== 'seed');

const migrated = async (folder: string): Promise<string> => {
  await runTenon(['migrate'], { DATA_DIR: folder });
  return join(folder, 'tenon.db');
};

const obstacles: Record<string, Obstacle> = {
  'a database file that is none': {
    make(folder) {
      writeFileSync(join(folder, 'tenon.db'), 'This is a text and no database.\n'.repeat(1000));
      return {};
    },
    says: /tenon\.db is damaged/,
    commands: everyCommand,
  },
  'a truncated database file': {
    async make(folder) {
      const file = await migrated(folder);
      truncateSync(file, readFileSync(file).length / 2);
      return {};
    },
    says: /tenon\.db is damaged/,
    commands: everyCommand,
  },
  'a database file that is a folder': {
    make(folder) {
      mkdirSync(join(folder, 'tenon.db'));
      return {};
    },
    says: /tenon\.db cannot be opened/,
    commands: everyCommand,
  },
  'a database of a newer version': {
    async make(folder) {
      recordMigration(await migrated(folder), 'Migration29990101000000_telepathy');
      return {};
    },
    says: /newer version .*Migration29990101000000_telepathy/,
    commands: everyCommand,
  },
  'a database that was never migrated': {
    make: () => ({ MIGRATE_ON_START: 'false' }),
    says: /not migrated: run "tenon migrate"/,
    commands: withoutMigration,
  },
  'an empty database': {
    make(folder) {
      writeFileSync(join(folder, 'tenon.db'), '');
      return { MIGRATE_ON_START: 'false' };
    },
    says: /not migrated: run "tenon migrate"/,
    commands: withoutMigration,
  },
  'a folder for the data that is a file': {
    make(folder) {
      writeFileSync(join(folder, 'file'), '');
      return { DATA_DIR: join(folder, 'file') };
    },
    says: /file: it is not a folder/,
    commands: everyCommand,
  },
  'a folder for the data below a file': {
    make(folder) {
      writeFileSync(join(folder, 'file'), '');
      return { DATA_DIR: join(folder, 'file', 'deep', 'down') };
    },
    says: /not a folder/,
  },
  'a folder for the data that cannot be made': {
    make: () => ({ DATA_DIR: '/proc/nope/data' }),
    says: /\/proc\/nope/,
    commands: everyCommand,
  },
  'a folder for the database that cannot be made': {
    make: () => ({ DATABASE_URL: 'file:/proc/nope/tenon.db' }),
    says: /\/proc\/nope/,
    commands: [['serve'], ['migrate']],
  },
  'a secret that is empty': {
    make(folder) {
      writeFileSync(join(folder, 'secret-key'), '');
      return {};
    },
    says: /secret-key is empty/,
    commands: everyCommand,
  },
  'a host that is not local': { make: () => ({ HOST: '192.0.2.1' }), says: /HOST 192\.0\.2\.1/ },
  'a host that does not resolve': { make: () => ({ HOST: 'nowhere.invalid' }), says: /HOST nowhere\.invalid/ },
  'a database host that does not resolve': {
    make: () => ({ DATABASE_URL: 'postgres://ada:secret@nowhere.invalid/tenon' }),
    says: /nowhere\.invalid/,
    commands: everyCommand,
  },
  'a database that does not answer': {
    make: async () => ({ DATABASE_URL: `postgres://ada:secret@127.0.0.1:${await freePort()}/tenon` }),
    says: /No database answers/,
    commands: everyCommand,
  },
};

describe('what keeps a command from running is said in one line', { timeout: 120_000 }, () => {
  it.each(Object.entries(obstacles))('%s', async (_, { make, says, commands = [['serve']] }) => {
    const given = await make(directory.path);
    const variables = { DATA_DIR: directory.path, PORT: String(await freePort()), ...given };
    const file = join(directory.path, 'tenon.db');
    const isNew = !existsSync(file);
    for (const command of commands) {
      const started = performance.now();
      const { code, stderr } = await runTenon(command, variables);
      expect({ command, code, stderr }).toEqual({
        command,
        code: 1,
        stderr: expect.stringMatching(/^tenon: [^\n]+\.\n$/),
      });
      expect(stderr).toMatch(says);
      expect(stderr).not.toMatch(/secret@|\bError\b/);
      expect(performance.now() - started).toBeLessThan(15_000);
    }
    // A command that does not migrate leaves nothing that looks like a database.
    expect(isNew && 'MIGRATE_ON_START' in variables && existsSync(file)).toBe(false);
  });
});
