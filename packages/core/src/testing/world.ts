import { type BuiltInRoleKey, builtInRoles } from '../access/index.ts';
import type { EntityColumn, EntityColumns } from '../database/entity-columns.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { TableDefinition } from '../database/table.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { Principal } from '../kernel/principal.ts';
import type { Platform } from '../platform.ts';

/** A row by its property names. */
export type WorldRow = Readonly<Record<string, unknown>>;

/** An organization, one of its members, and one row of theirs in every table. */
export interface World {
  readonly organizationId: string;
  readonly userId: string;
  row(table: string): WorldRow;
  /** Makes another row of the table with its own key, but does not add it. */
  another(table: string): WorldRow;
  /** The user, with a built-in role. */
  principal(role?: BuiltInRoleKey): Principal;
}

export function principalWith(role: BuiltInRoleKey, userId: string, organizationId: string | null): Principal {
  const { permissions, constraints } = builtInRoles[role];
  const grant = { roleId: uuidv7(), roleKey: role, permissions: new Set<string>(permissions), constraints };
  const grants = organizationId === null ? [] : [{ ...grant, scope: { kind: 'organization' } as const, validTo: null }];
  return { userId, sessionId: null, emailVerified: true, organizationId, grants };
}

export const columnsIn = ({ database }: Platform, table: string): EntityColumns => {
  const found = database.entities.get(table);
  if (!found) throw new Error(`Table ${table} has no entity.`);
  return found;
};

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

let sequence = 0;

/** Fills every table from its declaration, so that a new table needs no code here. */
class WorldBuilder {
  readonly organizationId = uuidv7();
  readonly userId = uuidv7();
  readonly rows = new Map<string, WorldRow>();
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Builds the rows, each after the rows that it refers to. */
  build(): void {
    for (const table of this.#platform.database.tables.values()) this.#ensure(table);
  }

  make(table: TableDefinition): WorldRow {
    const { columns } = columnsIn(this.#platform, table.name);
    return Object.fromEntries(columns.map((column) => [column.property, this.#value(table, column)]));
  }

  #ensure(table: TableDefinition): WorldRow {
    const known = this.rows.get(table.name);
    if (known) return known;
    const row = this.make(table);
    this.rows.set(table.name, row);
    return row;
  }

  #value(table: TableDefinition, column: EntityColumn): unknown {
    const { property: name, nullable, values } = column;
    if (name === 'organizationId' || (name === 'id' && table.name === 'organizations')) return this.organizationId;
    if (name === 'userId' || name === 'actorId' || (name === 'id' && table.name === 'users')) return this.userId;
    const target = this.#target(table, name);
    if (target === table) return null;
    if (target) return this.#key(target, table, name);
    // References of any type refer to a task.
    if (name === 'entityType') return 'task';
    if (name === 'entityId') return this.#ensure(this.#table('tasks'))['id'];
    if (nullable) return null;
    if (values) return values[0];
    return this.#plain(column);
  }

  /** The table that a property refers to, by declaration or by its name. */
  #target(table: TableDefinition, name: string): TableDefinition | undefined {
    const declared = table.references?.find(({ columns }) => columns.at(-1) === name)?.to().meta.className;
    const named = name.endsWith('Id') ? name.slice(0, -2) : '';
    return [...this.#platform.database.tables.values()].find(({ entity }) =>
      declared === undefined ? lowerFirst(entity.meta.className) === named : entity.meta.className === declared,
    );
  }

  #key(target: TableDefinition, table: TableDefinition, name: string): unknown {
    if (['memberships', 'users'].includes(target.name)) {
      this.#ensure(target);
      return this.userId;
    }
    const key = columnsIn(this.#platform, target.name).primaryKeys.at(-1);
    if (key === undefined) throw new Error(`${table.name}.${name} refers to a table without a key.`);
    return this.#ensure(target)[key];
  }

  #table(name: string): TableDefinition {
    const found = this.#platform.database.tables.get(name);
    if (!found) throw new Error(`There is no table ${name}.`);
    return found;
  }

  #plain({ property, type }: EntityColumn): unknown {
    if (type === 'instant') return this.#platform.clock.now();
    if (type === 'json') return {};
    if (type === 'boolean') return true;
    if (type === 'id') return uuidv7();
    if (type === 'string' || type === 'text') return `${property} ${++sequence}`;
    return ++sequence;
  }
}

/** Fills the database with a world. */
export async function createWorld(platform: Platform): Promise<World> {
  const builder = new WorldBuilder(platform);
  builder.build();
  await writeThroughSystemDoor(platform.context({ principal: null }), async (unit) => {
    for (const name of insertionOrder(platform)) {
      const table = platform.database.tables.get(name);
      const row = builder.rows.get(name);
      if (table && row) await unit.insert(table.entity, row);
    }
    // The trigger of the task has added a change too.
    await unit.db
      .deleteFrom('task_figure_changes')
      .where('organization_id', '=', builder.organizationId)
      .where('id', '<>', String(builder.rows.get('task_figure_changes')?.['id']))
      .execute();
  });
  const { organizationId, userId } = builder;
  return {
    organizationId,
    userId,
    row(table) {
      const row = builder.rows.get(table);
      if (!row) throw new Error(`There is no row of ${table}.`);
      return row;
    },
    another(name) {
      const table = platform.database.tables.get(name);
      if (!table) throw new Error(`There is no table ${name}.`);
      return builder.make(table);
    },
    principal: (role = 'owner') => principalWith(role, userId, organizationId),
  };
}

/** Orders tables after those that they refer to. */
function insertionOrder({ database }: Platform): string[] {
  const order: string[] = [];
  const visit = (table: TableDefinition): void => {
    if (order.includes(table.name)) return;
    for (const { to } of table.references ?? []) {
      const target = database.tables.get(to().meta.tableName);
      if (target && target !== table) visit(target);
    }
    if (!order.includes(table.name)) order.push(table.name);
  };
  // Search tables are written by hand, so no declaration contains their references.
  const handWritten = (table: TableDefinition) => Number(table.name.endsWith('_search'));
  for (const table of [...database.tables.values()].sort((a, b) => handWritten(a) - handWritten(b))) visit(table);
  return order;
}
