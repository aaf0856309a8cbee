/**
 * Fails when the migrations no longer lead to what the entities say, on either database: each is migrated from nothing, and
 * compared with a schema that is made from the entities.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tables } from '../../platform.ts';
import { startPostgres } from '../../testing/postgres.ts';
import { migrate } from '../migrate.ts';
import { openMigrationOrm } from '../migration-orm.ts';

type Differences = string[];

async function fromSnapshot(url: string): Promise<Differences> {
  const orm = await openMigrationOrm(url, tables);
  const needed = await orm.migrator.checkSchema();
  await orm.close(true);
  return needed ? ['the entities have changed since the last migration: generate the next one'] : [];
}

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
      `select name, sql from sqlite_master where sql is not null and name not like '%task_search%' and name not like 'mikro%' and name not like 'sqlite%'`,
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
  return [...new Set([...is.keys(), ...ought.keys()])]
    .filter((name) => is.get(name) !== ought.get(name))
    .map(
      (name) => `${name}\n  migrations: ${is.get(name) ?? 'nothing'}\n  entities:   ${ought.get(name) ?? 'nothing'}`,
    );
}

async function postgresDifferences(): Promise<Differences> {
  const server = await startPostgres();
  const url = `${server.url}/postgres`;
  await migrate({ url, tables });
  const orm = await openMigrationOrm(url, tables);
  const sql = await orm.schema.getUpdateSchemaSQL();
  await orm.close(true);
  await server.stop();
  return sql.split('\n').filter((line) => line.trim() !== '');
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
