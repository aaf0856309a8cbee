import { fileURLToPath } from 'node:url';
import type { EntityMetadata, EntityProperty, MikroORM, Options } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { isPostgresUrl, sqliteFile } from './database.ts';
import type { Dialect } from './engine.ts';
import { columnName, IdType } from './columns.ts';
import { policiesOf } from './policies.ts';
import type { Reference, TableDefinition } from './table.ts';

/** A foreign key is a relation to MikroORM; at run time entities know only the columns, which is faster and has no surprises. */
function relation(entity: EntityMetadata, reference: Reference): EntityProperty {
  const column = (name: string) => {
    const property = entity.properties[name as never] as EntityProperty | undefined;
    if (!property) throw new Error(`${entity.className} has no property ${name} to refer by.`);
    return property;
  };
  const target = reference.to();
  const primaryKeys = Object.entries(target.meta.properties as Record<string, EntityProperty>)
    .filter(([, property]) => property.primary)
    .map(([name]) => name);
  return {
    name: `${reference.columns.join('_')}_reference`,
    kind: 'm:1',
    entity: () => target,
    nullable: reference.columns.some((name) => column(name).nullable),
    joinColumns: reference.columns.map(columnName),
    referencedColumnNames: primaryKeys.map(columnName),
    deleteRule: reference.onDelete ?? 'restrict',
    updateRule: 'no action',
    // Each entity names the indexes that it needs.
    index: false,
  } as unknown as EntityProperty;
}

/** Adds a check to each column of ids. Without it SQLite would store a text there, which never equals an id, without an error. */
function checkIds(entity: EntityMetadata): void {
  for (const [name, property] of Object.entries(entity.properties as Record<string, EntityProperty>)) {
    if (property.kind === 'scalar' && property.customType instanceof IdType) {
      const column = `\`${columnName(name)}\``;
      const isId = `typeof(${column}) = 'blob' and length(${column}) = 16`;
      const expression = property.nullable ? `${column} is null or (${isId})` : isId;
      entity.checks.push({ name: `${entity.tableName}_${columnName(name)}_check`, property: name, expression });
    }
  }
}

/** Loads only what the dialect needs. */
async function initialize(dialect: Dialect, options: Partial<Options>): Promise<MikroORM> {
  if (dialect === 'sqlite') return (await import('@mikro-orm/sqlite')).MikroORM.init(options as never) as never;
  return (await import('@mikro-orm/postgresql')).MikroORM.init(options as never) as never;
}

export type Migrations = NonNullable<NonNullable<Options['migrations']>['migrationsList']>;

/** The ORM that knows the whole schema: for generating, running and comparing migrations, never for requests. */
export async function openMigrationOrm(
  url: string,
  definitions: readonly TableDefinition[],
  migrationsList?: Migrations,
): Promise<MikroORM> {
  const dialect: Dialect = isPostgresUrl(url) ? 'postgresql' : 'sqlite';
  const tables = new Map(definitions.map((table) => [table.name, table]));
  const options: Partial<Options> = {
    entities: definitions.map((table) => table.entity),
    forceUtcTimezone: true,
    ensureDatabase: false,
    metadataCache: { enabled: false },
    ...(dialect === 'postgresql'
      ? {
          dbName: new URL(url).pathname.slice(1),
          // MikroORM itself takes no more than host, port, user and password from an URL, and would leave out sslmode.
          driverOptions: { connectionString: url, connectionTimeoutMillis: 5000 },
        }
      : { dbName: sqliteFile(url), driver: (await import('./migrations/sqlite-driver.ts')).sqliteDriver(definitions) }),
    extensions: [Migrator],
    logger: () => {},
    discovery: {
      checkDuplicateFieldNames: false,
      afterDiscovered(storage) {
        for (const entity of storage.getAll().values()) {
          if (dialect === 'sqlite') checkIds(entity);
          // A reference that is the whole primary key says so too, or its column would replace the key's.
          for (const property of entity.relations)
            if (entity.primaryKeys.length === 1 && property.fieldNames[0] === entity.primaryKeys.map(columnName)[0])
              property.primary = true;
        }
      },
      onMetadata(entity) {
        const table = tables.get(entity.tableName);
        if (!table) return;
        for (const reference of table.references ?? []) {
          const property = relation(entity, reference);
          entity.properties[property.name as never] = property as never;
        }
        if (dialect === 'postgresql') {
          for (const [name, property] of Object.entries(entity.properties as Record<string, EntityProperty>))
            if (name.endsWith('Sort')) property.collation = 'C';
          entity.policies.push(...policiesOf(table));
          entity.rowLevelSecurity = 'force';
        }
      },
    },
    // Migrations write triggers by hand, and search tables, which have columns that the schema comparison does not know.
    schemaGenerator: {
      skipTables: [/_search/, /^mikro_orm_migrations$/],
      ignoreTriggers: true,
      createForeignKeyConstraints: true,
    },
    migrations: {
      path: fileURLToPath(new URL(`./migrations/${dialect}`, import.meta.url)),
      glob: '!(*.d).{js,ts}',
      ...(migrationsList && { migrationsList }),
      emit: 'ts',
      snapshot: true,
      snapshotName: 'snapshot',
      // The snapshot is what the entities say, not what a database happens to hold.
      snapshotOnMigrate: false,
      // On SQLite the caller has begun one: what is pending must be asked inside it.
      transactional: dialect === 'postgresql',
      allOrNothing: true,
    },
  };
  return initialize(dialect, options);
}
