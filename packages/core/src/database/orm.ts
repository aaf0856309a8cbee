import type { EntityMetadata, MikroORM, Options } from '@mikro-orm/core';
import { type Dialect as KyselyDialect, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { Dialect } from './engine.ts';
import type { TableDefinition } from './table.ts';

/** The ORM gets no connection: it only knows what the entities say. Our own statements read and write. */
const noConnection: KyselyDialect = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createDriver() {
    throw new Error('The ORM reads and writes nothing.');
  },
};

export function ormOptions(dialect: Dialect, tables: readonly TableDefinition[]): Partial<Options> {
  return {
    entities: tables.map((table) => table.entity),
    // The mapping is what the entities say; nothing is read from the file system.
    discovery: { warnWhenNoEntities: false },
    dbName: dialect === 'sqlite' ? ':memory:' : 'tenon',
    forceUtcTimezone: true,
    ensureDatabase: false,
    metadataCache: { enabled: false },
  };
}

/** Loads only what the dialect needs. */
export async function initialize(dialect: Dialect, options: Partial<Options>): Promise<MikroORM> {
  if (dialect === 'sqlite') return (await import('@mikro-orm/sqlite')).MikroORM.init(options as never) as never;
  return (await import('@mikro-orm/postgresql')).MikroORM.init(options as never) as never;
}

/** Discovers the columns of all entities, as the dialect has them. */
export async function discoverEntities(
  dialect: Dialect,
  definitions: readonly TableDefinition[],
): Promise<readonly EntityMetadata[]> {
  const orm = await initialize(dialect, { ...ormOptions(dialect, definitions), driverOptions: noConnection });
  const metadata = [...orm.getMetadata().getAll().values()];
  await orm.close(true);
  return metadata;
}
