import type { EntitySchema } from '@mikro-orm/core';
import type { VisibilityPredicate } from '../kernel/principal.ts';

/**
 * Who reaches the rows of a table:
 * - `tenant`: the organization of the context;
 * - `membership`: the current organization, or the current user's own rows (the table says how, in `wall`);
 * - `person`: the current user;
 * - `system`: nobody but the system door.
 */
export type TableKind = 'tenant' | 'membership' | 'person' | 'system';

/** A foreign key. Between tenant tables it contains the organization, so that a row cannot even point outside. */
export interface Reference {
  /** Properties of this table, in the order of the target's primary key. */
  columns: readonly string[];
  to: () => EntitySchema;
  /** What happens to this row when the target is deleted. @default 'restrict' */
  onDelete?: 'restrict' | 'cascade';
}

export interface TableOptions {
  kind: TableKind;
  references?: readonly Reference[];
  /**
   * SQL that is true for the rows that the request may read and write; the placeholders `{table}`, `{organization}` and
   * `{user}` are filled in twice: as parameters by the read door, as session variables in the row-level security policy.
   * @default by kind
   */
  wall?: string;
  /** The same for rows as they are written. @default wall */
  checkWall?: string;
  /** Whether the identity door reaches the table too (what must be known before there is an organization). */
  identityDoor?: boolean;
  /** Rows are only ever added: the request role may not change or remove them. */
  insertOnly?: boolean;
  /** Whose visibility narrows what the read door shows of this table, and what each predicate means here. */
  visibility?: { permission: string; predicates: Readonly<Record<VisibilityPredicate, string>> };
}

export interface TableDefinition extends TableOptions {
  readonly entity: EntitySchema;
  readonly name: string;
  readonly wall: string;
  readonly checkWall: string;
}

const walls: Record<TableKind, string> = {
  tenant: '{table}.organization_id = {organization}',
  membership: '',
  person: '{table}.user_id = {user}',
  system: '',
};

/** Declares a table: its entity says the columns, this says whose they are. Every entity has exactly one declaration. */
export function defineTable(entity: EntitySchema, options: TableOptions): TableDefinition {
  const name = entity.meta.tableName;
  const wall = options.wall ?? walls[options.kind];
  if (!wall && options.kind !== 'system') throw new Error(`Table ${name} of kind ${options.kind} must state its wall.`);
  return { ...options, entity, name, wall, checkWall: options.checkWall ?? wall };
}
