/**
 * Fails when the migrations no longer lead to what the entities say, on either database: each is migrated from nothing, and
 * compared with a schema that is made from the entities.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { tables } from '../../platform.ts';
import { startPostgresOrExit } from '../../testing/postgres.ts';
import { migrate } from '../migrate.ts';
import { openMigrationOrm } from '../migration-orm.ts';

type Differences = string[];

async function fromSnapshot(url: string): Promise<Differences> {
  const orm = await openMigrationOrm(url, tables);
  const needed = await orm.migrator.checkSchema();
  await orm.close(true);
  return needed ? ['the entities have changed since the last migration: generate the next one'] : [];
}

/** What two schemas have under the same names but not alike. */
const differing = (is: ReadonlyMap<string, string>, ought: ReadonlyMap<string, string>): Differences =>
  [...new Set([...is.keys(), ...ought.keys()])]
    .filter((name) => is.get(name) !== ought.get(name))
    .map(
      (name) => `${name}\n  migrations: ${is.get(name) ?? 'nothing'}\n  entities:   ${ought.get(name) ?? 'nothing'}`,
    );

/** A column that is added stands last in its table, wherever the entity names it. */
const inAnyOrder = (sql: string): string =>
  sql
    .replace(/\)$/, '')
    .split(/, (?=`|constraint |primary key )/)
    .map((part) => part.replace(/^create table [`"]\w+[`"] \(/i, ''))
    .sort()
    .join(', ');

/** What a SQLite file consists of, apart from what migrations write by hand. */
async function objectsOf(url: string): Promise<Map<string, string>> {
  const orm = await openMigrationOrm(url, tables);
  const rows: unknown = await orm.em
    .getConnection()
    .execute(
      `select name, sql from sqlite_master where sql is not null and type <> 'trigger' and name not like '%task_search%' and name not like 'mikro%' and name not like 'sqlite%'`,
    );
  await orm.close(true);
  return new Map((rows as { name: string; sql: string }[]).map(({ name, sql }) => [name, inAnyOrder(sql)]));
}

async function sqliteDifferences(): Promise<Differences> {
  const directory = mkdtempSync(join(tmpdir(), 'tenon-drift-'));
  const [migrated, made] = ['migrated', 'made'].map((name) => `file:${join(directory, `${name}.db`)}`) as [
    string,
    string,
  ];
  await migrate({ url: migrated, tables });
  const orm = await openMigrationOrm(made, tables);
  await orm.schema.create();
  await orm.close(true);
  const [is, ought] = [await objectsOf(migrated), await objectsOf(made)];
  rmSync(directory, { recursive: true });
  return differing(is, ought);
}

/** The policies of a database as PostgreSQL writes them, apart from what migrations write by hand. */
async function policiesIn(url: string): Promise<Map<string, string>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string; policy: string }>(
    `select policyname as name, row_to_json(p)::text as policy from pg_policies p where tablename <> 'task_search'`,
  );
  await client.end();
  return new Map(rows.map(({ name, policy }) => [name, policy]));
}

/** A line of the ORM's differences that is one. */
const isDifference =
  /^(?!set names |(create|drop|alter) policy |drop function if exists "(search_tasks|\w+_in_task_figures)")./;

async function postgresDifferences(): Promise<Differences> {
  const server = await startPostgresOrExit();
  const [migrated, made] = [`${server.url}/postgres`, `${server.url}/made`];
  await migrate({ url: migrated, tables });
  const orm = await openMigrationOrm(migrated, tables);
  const sql = await orm.schema.getUpdateSchemaSQL();
  await orm.em.getConnection().execute('create database made');
  await orm.close(true);
  const fromEntities = await openMigrationOrm(made, tables);
  await fromEntities.schema.create();
  await fromEntities.close(true);
  // PostgreSQL keeps a policy in words of its own, which the ORM takes for another policy: here like is compared with like.
  const policies = differing(await policiesIn(migrated), await policiesIn(made));
  await server.stop();
  return [...sql.split('\n').filter((line) => isDifference.test(line)), ...policies];
}

const found = {
  'sqlite snapshot': await fromSnapshot(':memory:'),
  'postgresql snapshot': await fromSnapshot('postgres://nobody@localhost/none'),
  sqlite: await sqliteDifferences(),
  postgresql: await postgresDifferences(),
};
for (const [where, differences] of Object.entries(found))
  for (const difference of differences) process.stderr.write(`${where}: ${difference}\n`);
process.exitCode = Object.values(found).some((differences) => differences.length > 0) ? 1 : 0;
