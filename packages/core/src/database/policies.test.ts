import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlatform, tables } from '../platform.ts';
import {
  asSuperuser,
  createTestDatabase,
  createTestPlatform,
  prepareTemplate,
  startPostgres,
  type TestPlatform,
} from '../testing/index.ts';
import { testedMajor } from '../testing/postgres.ts';
import { createWorld, columnsIn, type World, type WorldRow } from '../testing/world.ts';
import { columnName } from './columns.ts';
import { migrate } from './migrate.ts';
import { databaseRoles, type DatabaseScope, doorScope, requestScope, searchRole } from './scope.ts';
import type { TableDefinition } from './table.ts';

/*
 * The walls of PostgreSQL itself: what its roles, policies and keys refuse when nothing of ours stands before them. The
 * statements are plain SQL on the bare connection.
 */

const named = tables.map((table: TableDefinition) => [table.name, table] as const);
const walled = named.filter(([, { wall }]) => wall !== '');
const changeable = walled.filter(([, { insertOnly }]) => !insertOnly);
const insertOnly = walled.filter(([, table]) => table.insertOnly);

let platform: TestPlatform;
let superuser: pg.Client;
let here: World;
let there: World;

beforeAll(async () => {
  platform = await createTestPlatform('postgresql');
  superuser = new pg.Client({ connectionString: asSuperuser(platform.settings.databaseUrl) });
  await superuser.connect();
  here = await createWorld(platform);
  there = await createWorld(platform);
});
afterAll(async () => {
  await superuser.end();
  await platform.dispose();
});

const opening = (databaseUrl: string) => createPlatform({ ...platform.settings, databaseUrl }).then((it) => it.close());

class Undo extends Error {}

/** Runs a statement in a transaction of the scope, and rolls it back. Answers its rows, or why it was refused. */
async function run(sql: string, parameters: readonly unknown[] = [], scope?: DatabaseScope) {
  let rows: Record<string, unknown>[] = [];
  const failure = await platform.database.engine
    .write(scope ?? requestScope(here.principal()), async (connection) => {
      const raw = await connection.execute(sql, parameters);
      rows = raw.rows.map((row) => Object.fromEntries(raw.columns.map((column, index) => [column, row[index]])));
      throw new Undo();
    })
    .catch((error: unknown) => (error instanceof Undo ? null : error));
  if (failure instanceof Error) return { refused: failure.message, rows: [] };
  return { refused: null, rows };
}

/** `a = $1 and b = $2`, and the values: one row by its key. */
function keyOf(table: string, row: WorldRow) {
  const { primaryKeys } = columnsIn(platform, table);
  return {
    where: primaryKeys.map((name, index) => `"${columnName(name)}" = $${index + 1}`).join(' and '),
    values: primaryKeys.map((name) => row[name]),
    column: columnName(primaryKeys[0] ?? ''),
  };
}

const select = (table: string, world: World, scope?: DatabaseScope) => {
  const { where, values } = keyOf(table, world.row(table));
  return run(`select 1 from "${table}" where ${where}`, values, scope);
};

const insert = (table: string, row: WorldRow) => {
  const entries = Object.entries(row);
  const columns = entries.map(([name]) => `"${columnName(name)}"`).join(', ');
  const places = entries.map((_, index) => `$${index + 1}`).join(', ');
  const values = entries.map(([, value]) =>
    typeof value === 'object' && value !== null && !(value instanceof Date) ? JSON.stringify(value) : value,
  );
  return run(`insert into "${table}" (${columns}) values (${places})`, values);
};

const policyRefused = expect.stringMatching(/row-level security/);
const grantRefused = expect.stringMatching(/permission denied/);

describe('row-level security', () => {
  it.each(walled)('shows an own row of %s, and no foreign one', async (table) => {
    expect((await select(table, here)).rows).toHaveLength(1);
    expect((await select(table, there)).rows).toHaveLength(0);
    const { rows } = await superuser.query(`select 1 from "${table}" limit 2`);
    expect(rows).toHaveLength(2);
  });

  it.each(walled)('shows nothing of %s to nobody', async (table) => {
    const nobody = { ...doorScope('system'), door: 'request' } as const;
    expect((await select(table, here, nobody)).rows).toHaveLength(0);
  });

  it.each(changeable)('changes no foreign row of %s', async (table) => {
    const change = (world: World) => {
      const { where, values, column } = keyOf(table, world.row(table));
      return run(`update "${table}" set "${column}" = "${column}" where ${where} returning 1`, values);
    };
    expect((await change(here)).rows).toHaveLength(1);
    expect((await change(there)).rows).toHaveLength(0);
  });

  it.each(changeable)('deletes no foreign row of %s', async (table) => {
    const { where, values } = keyOf(table, there.row(table));
    expect(await run(`delete from "${table}" where ${where} returning 1`, values)).toEqual({ refused: null, rows: [] });
  });

  it.each(walled)('adds no foreign row of %s', async (table) => {
    expect(await insert(table, there.another(table))).toMatchObject({ refused: policyRefused });
  });

  it.each(changeable)('gives no own row of %s away', async (table, { own }) => {
    const property = own?.property ?? '';
    const { where, values } = keyOf(table, here.row(table));
    const set = `"${columnName(property)}" = $${values.length + 1}`;
    const given = await run(`update "${table}" set ${set} where ${where}`, [...values, there.row(table)[property]]);
    expect(given).toMatchObject({ refused: policyRefused });
  });

  it.each(insertOnly)('lets nobody change or delete a row of %s', async (table) => {
    const { where, values, column } = keyOf(table, here.row(table));
    for (const scope of [requestScope(here.principal()), doorScope('identity')]) {
      const change = await run(`update "${table}" set "${column}" = "${column}" where ${where}`, values, scope);
      expect(change).toMatchObject({ refused: grantRefused });
      const removal = await run(`delete from "${table}" where ${where}`, values, scope);
      expect(removal).toMatchObject({ refused: grantRefused });
    }
  });

  it('is enabled and forced on every table, and every table is declared', async () => {
    const { rows } = await superuser.query<{ name: string; enabled: boolean; forced: boolean }>(
      `select relname as name, relrowsecurity as enabled, relforcerowsecurity as forced from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'mikro_orm_migrations' order by 1`,
    );
    expect(rows).toEqual(
      named.map(([name]) => ({ name, enabled: true, forced: true })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
    for (const [, { kind }] of named) expect(['tenant', 'membership', 'person', 'system']).toContain(kind);
  });
});

describe('the search of words', () => {
  const search = (organization: string, scope?: DatabaseScope) =>
    run(
      `select task_id from search_tasks($1, (select to_tsquery('simple', '''' || $2 || ''':*')))`,
      [organization, 'w'],
      scope,
    );
  const withWords = async () => {
    await superuser.query(`update task_search set title = ' words', body = ''`);
    return here.row('tasks')['organizationId'] as string;
  };

  it('finds only rows of the organization of the caller', async () => {
    const own = await withWords();
    const { rows } = await search(own);
    expect(rows.length).toBeGreaterThan(0);
    const others = await superuser.query('select task_id from task_search where organization_id <> $1', [own]);
    const foreign = new Set(others.rows.map((row: { task_id: string }) => row.task_id));
    expect(foreign.size).toBeGreaterThan(0);
    expect(rows.filter((row) => foreign.has(String(row['task_id'])))).toEqual([]);
  });

  it('finds nothing of another organization, and nothing without an organization', async () => {
    const own = await withWords();
    const other = String(there.row('tasks')['organizationId']);
    expect(await search(other)).toEqual({ refused: null, rows: [] });
    const nobody = { ...doorScope('system'), door: 'request' } as const;
    expect(await search(own, nobody)).toEqual({ refused: null, rows: [] });
    expect(await search(own, requestScope(there.principal()))).toEqual({ refused: null, rows: [] });
  });

  it('may be used by requests only', async () => {
    const own = await withWords();
    for (const door of ['identity', 'system'] as const)
      expect(await search(own, doorScope(door))).toMatchObject({ refused: grantRefused });
  });

  it('acts as a role that may read the words and nothing else', async () => {
    const { rows } = await superuser.query(
      `select proowner::regrole::text as owner, prosecdef as definer, proconfig as config from pg_proc where proname = 'search_tasks'`,
    );
    expect(rows).toEqual([{ owner: searchRole, definer: true, config: ['search_path=pg_catalog, pg_temp'] }]);
    const columns = await superuser.query<{ name: string }>(
      `select table_name || '.' || column_name || ' ' || privilege_type as name from information_schema.column_privileges
       where grantee = $1 order by 1`,
      [searchRole],
    );
    expect(columns.rows.map(({ name }) => name)).toEqual(
      ['document', 'organization_id', 'task_id', 'title'].map((column) => `task_search.${column} SELECT`),
    );
    const { rows: schema } = await superuser.query(
      `select has_schema_privilege($1, 'public', 'create') as creates, rolcanlogin as logs_in from pg_roles where rolname = $1`,
      [searchRole],
    );
    expect(schema).toEqual([{ creates: false, logs_in: false }]);
  });
});

describe('the roles', () => {
  it.each(named)('let the identity door reach %s only if it says so', async (table, { identityDoor }) => {
    const { refused } = await run(`select 1 from "${table}"`, [], doorScope('identity'));
    expect(refused).toEqual(identityDoor ? null : grantRefused);
  });

  it.each(named)('let a request reach %s only behind a wall', async (table, { wall }) => {
    const { refused } = await run(`select 1 from "${table}"`);
    expect(refused).toEqual(wall === '' ? grantRefused : null);
  });

  it('own nothing, and pass no policy', async () => {
    const { rows } = await superuser.query<{ name: string }>(
      `select rolname as name from pg_roles where rolname like 'tenon%' and (rolsuper or rolbypassrls or rolcreaterole)`,
    );
    expect(rows).toEqual([]);
    const owners = await superuser.query(
      `select 1 from pg_tables where schemaname = 'public' and tableowner like 'tenon%'`,
    );
    expect(owners.rows).toEqual([]);
  });
});

describe('the keys', () => {
  interface ForeignKey {
    name: string;
    columns: string[];
    targets: string[];
  }

  it('between tables of an organization contain the organization', async () => {
    const { rows } = await superuser.query<ForeignKey>(
      `select conrelid::regclass || ' to ' || confrelid::regclass as name,
         array(select attname::text from unnest(conkey) with ordinality as k (number, place)
           join pg_attribute on attrelid = conrelid and attnum = k.number order by place) as columns,
         array(select attname::text from unnest(confkey) with ordinality as k (number, place)
           join pg_attribute on attrelid = confrelid and attnum = k.number order by place) as targets
       from pg_constraint where contype = 'f'
         and exists (select 1 from pg_attribute where attrelid = conrelid and attname = 'organization_id')
         and exists (select 1 from pg_attribute where attrelid = confrelid and attname = 'organization_id')`,
    );
    expect(rows.length).toBeGreaterThan(10);
    const without = rows.filter(
      ({ columns, targets }) => columns[targets.indexOf('organization_id')] !== 'organization_id',
    );
    // An event and its payload may belong to no organization, and a key cannot contain what is null.
    expect(without.map(({ name }) => name)).toEqual(['event_payloads to events']);
  });
});

describe('the server', () => {
  it('refuses a role that owns tables', async () => {
    const database = await createTestDatabase('postgresql');
    const owner = new pg.Client({ connectionString: asSuperuser(database.url) });
    await owner.connect();
    try {
      await expect(opening(database.url)).resolves.toBeUndefined();
      await owner.query(`alter table tags owner to ${databaseRoles.request}`);
      await expect(opening(database.url)).rejects.toThrow('owns tables');
    } finally {
      await owner.query(`alter table tags owner to postgres`);
      await owner.end();
      await database.drop();
    }
  });

  it('asks for migrations while the role does not exist, and refuses it with too much power', async () => {
    // Roles belong to the whole server, so this test has its own.
    const server = await startPostgres();
    try {
      await expect(opening(`${server.url}/postgres`)).rejects.toThrow('The database is not migrated');
      await prepareTemplate(server.url);
      const login = `${server.url.replace('postgres:postgres@', 'tenon_login:login@')}/tenon_template`;
      const administrator = new pg.Client({ connectionString: `${server.url}/postgres` });
      await administrator.connect();
      for (const power of ['superuser', 'bypassrls']) {
        await administrator.query(`alter role ${databaseRoles.request} ${power}`);
        await expect(opening(login)).rejects.toThrow('bypasses row-level security');
        await administrator.query(`alter role ${databaseRoles.request} no${power}`);
      }
      await administrator.end();
      await expect(opening(login)).resolves.toBeUndefined();
    } finally {
      await server.stop();
    }
  });
});

describe('the login of the server', () => {
  const asLogin = (login: string) => {
    const url = new URL(platform.settings.databaseUrl);
    url.username = login;
    return url.href;
  };
  const rowsAs = async (url: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query('select id from organizations')).rows;
    } finally {
      await client.end();
    }
  };
  const migrateAs = (login: string) =>
    migrate({ url: asLogin(login), migrationUrl: asSuperuser(platform.settings.databaseUrl), tables });

  it('may act as the roles, and has none of their rights itself', async () => {
    await expect(rowsAs(platform.settings.databaseUrl)).rejects.toThrow('permission denied');
  });

  it('has none of them either where it inherited by default, also after it was migrated in another way', async () => {
    const login = `inheriting_${platform.settings.databaseUrl.slice(-12)}`;
    await superuser.query(`create role ${login} login inherit`);
    await superuser.query(`grant ${databaseRoles.system} to ${login}`);
    try {
      await migrateAs(login);
      await expect(rowsAs(asLogin(login))).rejects.toThrow('permission denied');
      await expect(opening(asLogin(login))).resolves.toBeUndefined();
    } finally {
      await superuser.query(`drop role ${login}`);
    }
  });

  it('keeps the rights of other roles that it has, or is refused where it would inherit ours with them', async () => {
    const [group, login] = ['group', 'login'].map((name) => `${name}_${platform.settings.databaseUrl.slice(-12)}`);
    await superuser.query(`create role ${group}`);
    await superuser.query(`create role ${login} login inherit in role ${group}`);
    try {
      const refused = await migrateAs(`${login}`).then(
        () => null,
        (error: Error) => error.message,
      );
      const { rows } = await superuser.query(`select pg_has_role($1, $2, 'usage') as inherits`, [login, group]);
      expect(rows).toEqual([{ inherits: true }]);
      const advice = refused?.includes(`alter role "${login}" noinherit`) ?? null;
      expect(advice).toBe(testedMajor() === 15 ? true : null);
    } finally {
      await superuser.query(`drop role ${login}`);
      await superuser.query(`drop role ${group}`);
    }
  });
});

describe('a database that was restored', () => {
  it('is not migrated while a policy is missing', async () => {
    const { databaseUrl: url } = platform.settings;
    const migrating = () => migrate({ url, migrationUrl: asSuperuser(url), tables });
    await superuser.query('alter policy tags_request on tags rename to tags_lost');
    try {
      await expect(migrating()).rejects.toThrow(/^Policies of row-level security are missing: 1 of \d{3}\. /);
    } finally {
      await superuser.query('alter policy tags_lost on tags rename to tags_request');
    }
    expect(await migrating()).toEqual([]);
  });
});
