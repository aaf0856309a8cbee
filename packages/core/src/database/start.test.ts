import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StartError } from '../kernel/start.ts';
import { createPlatform, tables } from '../platform.ts';
import {
  asSuperuser,
  createOrganization,
  createTestDatabase,
  createTestPlatform,
  dialects,
  recordMigration,
  type TestOrganization,
  type TestPlatform,
} from '../testing/index.ts';
import { createTag, listTags } from '../work/index.ts';
import { openDatabase, sqliteFile } from './database.ts';
import { toStartError } from './start-failures.ts';
import { migrate } from './migrate.ts';
import { openMigrationOrm } from './migration-orm.ts';
import { openPostgres } from './postgresql-engine.ts';

describe('what keeps the database from being used', () => {
  const failed = (code: string) => Object.assign(new Error(`connect ada:secret@db\n    at ${code}`), { code });
  const urls = { sqlite: 'file:/data/tenon.db', postgresql: 'postgres://ada:secret@db.example.com:5433/tenon' };

  const ofSqlite =
    'NOTADB CORRUPT CORRUPT_VTAB READONLY READONLY_DIRECTORY PERM CANTOPEN CANTOPEN_ISDIR BUSY BUSY_RECOVERY FULL ' +
    'IOERR_WRITE IOERR_SHMSIZE ERROR PROTOCOL NOMEM INTERNAL';
  const ofPostgres =
    'ECONNREFUSED ECONNRESET ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH ETIMEDOUT EPIPE 28000 28P01 3D000 42501 53100 ' +
    '53300 57P01 57P03 08006 SELF_SIGNED_CERT_IN_CHAIN';

  it.each(ofSqlite.split(' '))('is one sentence about the file, for SQLITE_%s', (code) => {
    const error = toStartError(failed(`SQLITE_${code}`), urls.sqlite);
    expect(error).toBeInstanceOf(StartError);
    expect(error).toHaveProperty('message', expect.stringMatching(/^[^\n{}]+\.$/));
    expect(error).toHaveProperty('message', expect.stringMatching(/\/data\/tenon\.db|tenon migrate/));
  });

  it.each(ofPostgres.split(' '))('is one sentence about the host, for %s', (code) => {
    const error = toStartError(failed(code), urls.postgresql);
    expect(error).toBeInstanceOf(StartError);
    expect(error).toHaveProperty('message', expect.stringMatching(/^[^\n{}]+\.$/));
    expect(error).toHaveProperty('message', expect.stringContaining('db.example.com:5433'));
    expect(error).toHaveProperty('message', expect.not.stringContaining('secret'));
  });

  it.each(['42P01', '42703', '22023'])('is a migration that is missing, for %s', (code) => {
    const message = 'The database is not migrated: run "tenon migrate".';
    expect(toStartError(failed(code), urls.postgresql)).toHaveProperty('message', message);
  });

  it('names the host also when the URL does not', () => {
    const message = 'No database answers at localhost: start it, or correct DATABASE_URL.';
    expect(toStartError(failed('ECONNREFUSED'), 'postgres:///tenon')).toHaveProperty('message', message);
  });

  it('leaves every other error alone', () => {
    const error = new TypeError('undefined is no function');
    expect(toStartError(error, urls.sqlite)).toBe(error);
  });
});

describe('a SQLite file that was not migrated', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-start-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each<[string, (file: string) => void]>([
    ['that is not there', () => {}],
    ['that is empty', (file) => writeFileSync(file, '')],
  ])('is not opened: a file %s', async (name, make) => {
    const file = join(folder, `${name}.db`);
    make(file);
    const before = readdirSync(folder);
    const opening = openDatabase({ url: `file:${file}`, tables, visibility: () => 'all' });
    await expect(opening).rejects.toThrow('The database is not migrated: run "tenon migrate".');
    // A file that only a mistake in the settings names is not made.
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(before));
    expect(existsSync(file)).toBe(before.length > 0);
  });
});

describe.each(dialects)('a database of a newer version on %s', (dialect) => {
  it('is neither opened nor migrated', async () => {
    const database = await createTestDatabase(dialect);
    const platform = await createTestPlatform(dialect);
    try {
      if (dialect === 'sqlite') recordMigration(sqliteFile(database.url), 'Migration29990101000000_telepathy');
      else {
        const superuser = new pg.Client({ connectionString: asSuperuser(database.url) });
        await superuser.connect();
        await superuser.query(`insert into mikro_orm_migrations (name) values ('Migration29990101000000_telepathy')`);
        await superuser.end();
      }
      const refused = /newer version .*Migration29990101000000_telepathy/;
      const target = { url: database.url, migrationUrl: asSuperuser(database.url), tables };
      await expect(createPlatform({ ...platform.settings, databaseUrl: database.url })).rejects.toThrow(refused);
      await expect(migrate(target)).rejects.toThrow(refused);
    } finally {
      await platform.dispose();
      await database.drop();
    }
  });
});

describe('a connection to PostgreSQL', () => {
  /** The first message when a client wants TLS. */
  const sslRequest = '0000000804d2162f';
  let server: Server;
  let url: string;
  let first: string[];

  beforeEach(async () => {
    first = [];
    // A server without TLS: it answers that it has none.
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (data) => {
        first.push(data.subarray(0, 8).toString('hex'));
        socket.end('N');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = `postgres://ada:secret@127.0.0.1:${typeof address === 'object' ? address?.port : ''}/tenon?sslmode=require`;
  });
  afterEach(() => server.close());

  it.each<[string, () => Promise<unknown>]>([
    ['of the server', () => openPostgres({ url })],
    ['of the migration, before it migrates', () => migrate({ url, tables })],
    [
      'of the migration itself',
      async () => {
        const orm = await openMigrationOrm(url, tables);
        try {
          await orm.em.getConnection().execute('select 1');
        } finally {
          await orm.close(true);
        }
      },
    ],
  ])('%s uses TLS when the URL asks for it, and says when there is none', async (_, connect) => {
    const error = await connect().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(first).toEqual([sslRequest]);
    expect(toStartError(error, url)).toHaveProperty('message', expect.stringContaining('does not offer TLS'));
  });
});

describe.each(dialects)('a full disk on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let superuser: pg.Client | undefined;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    if (dialect === 'sqlite') return;
    superuser = new pg.Client({ connectionString: asSuperuser(platform.settings.databaseUrl) });
    await superuser.connect();
    await superuser.query(
      `create function fill() returns trigger language plpgsql as
       $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$`,
    );
  });
  afterAll(async () => {
    await superuser?.end();
    await platform.dispose();
  });

  const limitPages = (pages: number) =>
    platform.database.engine.write({ door: 'system', principal: null, organizationId: null, userId: null }, (db) =>
      db.execute(`pragma max_page_count = ${pages}`, []),
    );
  const fill = () =>
    superuser?.query('create trigger full_disk before insert on tags for each row execute function fill()') ??
    limitPages(1);
  const free = () => superuser?.query('drop trigger full_disk on tags') ?? limitPages(1_000_000);

  let count = 0;
  const write = () => createTag(acme.owner.ctx(), { name: `Crate ${++count}`, color: '#336699' });
  const writeMany = async () => {
    for (let times = 0; times < 2000; times++) await write();
  };

  it('answers writes with 503 and a time to come back, and reads as before, until there is room', async () => {
    await write();
    expect(platform.database.isFull()).toBe(false);
    await fill();
    await expect(writeMany()).rejects.toMatchObject({
      code: 'storage_full',
      kind: 'unavailable',
      details: { retryAfter: 30 },
    });
    expect(platform.database.isFull()).toBe(true);
    expect((await listTags(acme.owner.ctx(), { limit: 1, total: false, sort: 'name' })).data).toHaveLength(1);
    await free();
    await write();
    expect(platform.database.isFull()).toBe(false);
  });
});
