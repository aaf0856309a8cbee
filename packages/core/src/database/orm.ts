import type {
  EntityManager,
  EntityMetadata,
  EventSubscriber,
  FlushEventArgs,
  MikroORM,
  Options,
} from '@mikro-orm/core';
import { type Dialect as KyselyDialect, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { BareKysely, Dialect } from './engine.ts';
import { type DatabaseScope, ownColumn } from './scope.ts';
import type { TableDefinition } from './table.ts';

/** The name of the filter that every tenant entity carries. */
const organizationFilter = 'organization';

/**
 * Entities work inside a unit of work only, on its connection. Anything that would run outside of one is a mistake, and is
 * refused instead of being given a connection without walls.
 */
const noConnection: KyselyDialect = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createDriver: () => {
    const nothing = async () => {};
    const connection = {
      async executeQuery<Row>({ sql }: { sql: string }) {
        if (!sql.startsWith('pragma')) throw new Error('Entities work inside a unit of work only.');
        return { rows: [] as Row[] };
      },
      // oxlint-disable-next-line require-yield -- nothing here streams; the interface asks for it
      async *streamQuery<Row>(): AsyncIterableIterator<{ rows: Row[] }> {
        throw new Error('Entities work inside a unit of work only.');
      },
    };
    return {
      init: nothing,
      acquireConnection: async () => connection,
      beginTransaction: nothing,
      commitTransaction: nothing,
      rollbackTransaction: nothing,
      releaseConnection: nothing,
      destroy: nothing,
    };
  },
};

interface GuardedScope {
  scope: DatabaseScope;
  tables: ReadonlyMap<string, TableDefinition>;
}

const guarded = new WeakMap<object, GuardedScope>();

/**
 * The flush guard: refuses to write a row of another organization or person, whatever the code above believed. References
 * need no guard of their own: each is a composite foreign key that contains the organization.
 */
class FlushGuard implements EventSubscriber {
  onFlush({ em, uow }: FlushEventArgs): void {
    const found = guarded.get(em);
    if (!found) throw new Error('Entities are flushed by a unit of work only.');
    const { scope, tables } = found;
    if (scope.door !== 'request') return;
    for (const change of uow.getChangeSets()) {
      const own = ownColumn(tables.get(change.meta.tableName)?.kind, scope);
      if (!own) continue;
      const before = (change.originalEntity as Record<string, unknown> | undefined)?.[own.column];
      const now = (change.entity as Record<string, unknown>)[own.column];
      if (now !== own.id || (before !== undefined && before !== own.id))
        throw new Error(
          `Refused to ${change.type} a row of ${change.meta.tableName} that is not of this ${own.column}.`,
        );
    }
  }
}

export interface EntityManagers {
  readonly metadata: readonly EntityMetadata[];
  /** A fresh identity map on the transaction's connection, filtered and guarded by the scope. */
  fork(connection: BareKysely, scope: DatabaseScope): EntityManager;
  close(): Promise<void>;
}

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

async function initialize(dialect: Dialect, options: Partial<Options>): Promise<MikroORM> {
  if (dialect === 'sqlite') return (await import('@mikro-orm/sqlite')).MikroORM.init(options as never) as never;
  return (await import('@mikro-orm/postgresql')).MikroORM.init(options as never) as never;
}

/** Opens the entity side: no connection of its own, every manager is bound to the connection of a unit of work. */
export async function openEntityManagers(
  dialect: Dialect,
  definitions: readonly TableDefinition[],
): Promise<EntityManagers> {
  const tables = new Map(definitions.map((table) => [table.name, table]));
  const orm = await initialize(dialect, {
    ...ormOptions(dialect, definitions),
    driverOptions: noConnection,
    subscribers: [new FlushGuard()],
    filters: {
      [organizationFilter]: {
        entity: definitions.filter((table) => table.kind === 'tenant').map((table) => table.entity.meta.className),
        cond: ({ organizationId }: { organizationId?: string }) => {
          if (organizationId === undefined) throw new Error('Tenant entities are read inside an organization only.');
          return { organizationId };
        },
        default: true,
      },
    },
  });
  return {
    metadata: [...orm.getMetadata().getAll().values()],
    fork(connection, scope) {
      const em = orm.em.fork({ disableContextResolution: true });
      em.setTransactionContext(connection);
      if (scope.door !== 'request') em.setFilterParams(organizationFilter, { organizationId: undefined });
      else if (scope.organizationId) em.setFilterParams(organizationFilter, { organizationId: scope.organizationId });
      guarded.set(em, { scope, tables });
      return em;
    },
    close: () => orm.close(true),
  };
}
