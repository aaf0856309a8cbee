import type { EntitySchema } from '@mikro-orm/core';
import type { PlaceKind } from '../kernel/principal.ts';

/**
 * Who reaches the rows of a table:
 * - `tenant`: the organization of the context;
 * - `membership`: the current organization, or the current user's own rows (the table says how, in `wall`);
 * - `person`: the current user;
 * - `system`: nobody but the system door.
 */
type TableKind = 'tenant' | 'membership' | 'person' | 'system';

/** A foreign key. Between tenant tables it contains the organization, so that a row cannot even point outside. */
export interface Reference {
  /** Properties of this table, in the order of the target's primary key. */
  columns: readonly string[];
  to: () => EntitySchema;
  /** What happens to this row when the target is deleted. @default 'restrict' */
  onDelete?: 'restrict' | 'cascade';
}

/** The property by which a row belongs to one organization or one user. */
export interface Owning {
  property: string;
  is: 'organization' | 'user';
}

/**
 * Who sees a row of a table, as facts. The predicates of the read door follow from them, and so does the subject of a decision.
 * - `own`: the table says which places its rows are in, and which people they concern. A scope names places; the constraint
 *   `assignedOnly` looks at the people.
 * - `parent`: a row is visible with the rows that it refers to.
 * - `event`: a row is visible with the entities that it is about.
 */
type RowFacts = OwnFacts | ParentFacts | EventFacts;

interface Facts {
  /** The permission to see such rows. */
  permission: string;
}

/** A table that links rows and users, with its properties for both. */
export interface PeopleLinks {
  in: () => EntitySchema;
  row: string;
  user: string;
}

export interface OwnFacts extends Facts {
  kind: 'own';
  /** What events call such a row. */
  entityType: string;
  /** Property by kind of place. */
  places?: Readonly<Record<PlaceKind, string>>;
  /** Whether rows can be read from every scope. Their places then limit writing only. @default false */
  shared?: boolean;
  people?: PeopleLinks;
  /** States that rows of this table are places, and which of them are closed. */
  closing?: ClosingFacts;
}

/**
 * Which places of a kind are closed. Every table with this kind among its places leaves out the rows in a closed place, unless the user
 * is a member of the place or has the permission that opens it. So do the tables whose rows are visible with such rows.
 */
export interface ClosingFacts {
  place: PlaceKind;
  /** The property that says so, and its value in a closed place. */
  when: { property: string; is: string };
  members: PeopleLinks;
  /** The permission that opens all closed places, if it is granted in the whole organization. */
  opensWith: string;
}

interface ParentFacts extends Facts {
  kind: 'parent';
  entityType: string;
  /** Tables with facts of their own, by the property that refers to each. Where there are several, a property may be null. */
  parents: Readonly<Record<string, () => EntitySchema>>;
}

interface EventFacts extends Facts {
  kind: 'event';
}

export interface TableOptions {
  kind: TableKind;
  /**
   * Whose a row is when it is loaded as an entity or written: both are for its owner alone. `wall` may show it to more.
   * @default by kind: the `organizationId` of a tenant's row, the `userId` of a person's
   */
  own?: Owning;
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
  /** Whether SQLite stores the rows in the index of the primary key, which saves a second tree. For short rows only. @default false */
  withoutRowid?: boolean;
  /**
   * How full PostgreSQL fills a page with new rows, in percent. The rest is room for the new version of a changed row. The migration sets
   * it by hand. @default 100
   */
  fillfactor?: number;
  /** Properties that hold text which `sealedColumn` sealed: `tenon secrets rotate` finds them here. */
  sealed?: readonly string[];
  /** The facts by which the read door narrows what a principal sees of this table. @default everybody sees all rows */
  visibility?: RowFacts;
}

export interface TableDefinition<Entity extends EntitySchema = EntitySchema> extends Omit<TableOptions, 'own'> {
  readonly entity: Entity;
  readonly name: string;
  readonly wall: string;
  readonly checkWall: string;
  /** Null where only the system door writes. */
  readonly own: Owning | null;
}

const owners: Record<TableKind, Owning | null> = {
  tenant: { property: 'organizationId', is: 'organization' },
  membership: null,
  person: { property: 'userId', is: 'user' },
  system: null,
};

const walls: Record<TableKind, string> = {
  tenant: '{table}.organization_id = {organization}',
  membership: '',
  person: '{table}.user_id = {user}',
  system: '',
};

/** Declares a table: its entity says the columns, this says whose they are. Every entity has exactly one declaration. */
export function defineTable<Entity extends EntitySchema>(
  entity: Entity,
  options: TableOptions,
): TableDefinition<Entity> {
  const name = entity.meta.tableName;
  const wall = options.wall ?? walls[options.kind];
  if (!wall && options.kind !== 'system') throw new Error(`Table ${name} of kind ${options.kind} must state its wall.`);
  const own = options.own ?? owners[options.kind];
  if (!own && options.kind !== 'system') throw new Error(`Table ${name} of kind ${options.kind} must state its owner.`);
  return { ...options, entity, name, wall, checkWall: options.checkWall ?? wall, own };
}
