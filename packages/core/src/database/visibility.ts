import type { PlaceKind, VisibleRows } from '../kernel/principal.ts';
import { columnName } from './columns.ts';
import type { ClosingFacts, OwnFacts, PeopleLinks, TableDefinition } from './table.ts';

/*
 * The SQL of what a principal sees, from the facts that tables state. The placeholders `{table}`, `{organization}`, `{user}` and
 * `{places}` are filled in by the read door.
 */

type Tables = ReadonlyMap<string, TableDefinition>;
type Facts = Pick<TableDefinition, 'name' | 'visibility'>;

/** One item of what a principal sees. */
export interface Shape extends Pick<VisibleRows, 'place' | 'own'> {
  /** Whether a permission opens closed places to the principal. */
  opened: (permission: string) => boolean;
}

function ownFactsOf({ name, visibility }: Facts): OwnFacts {
  if (visibility?.kind !== 'own') throw new Error(`Table ${name} states no facts of its own about who sees its rows.`);
  return visibility;
}

/** The condition that leaves out no row. */
export const allRows = '1 = 1';

const both = (conditions: readonly string[]): string => conditions.join(' and ') || allRows;

/**
 * What a decision needs to know about a row, from the facts that its table states.
 * @param people the user ids of its people, where the table has people. @default nobody
 */
export function subjectOf(
  table: Facts,
  row: object,
  people: readonly string[] = [],
): { people?: readonly string[]; places: Record<PlaceKind, string | null>; shared?: true } {
  const facts = ownFactsOf(table);
  const places = Object.entries(facts.places ?? {}).map(([kind, property]): [PlaceKind, string | null] => {
    const place: unknown = Reflect.get(row, property);
    return [kind, typeof place === 'string' ? place : null];
  });
  return {
    ...(facts.people && { people }),
    places: Object.fromEntries(places),
    ...(facts.shared && { shared: true as const }),
  };
}

/** The tables whose rows are places that may be closed, with what they state about that. */
const closingTables = (tables: Tables): { name: string; closing: ClosingFacts }[] =>
  [...tables.values()].flatMap(({ name, visibility }) =>
    visibility?.kind === 'own' && visibility.closing ? [{ name, closing: visibility.closing }] : [],
  );

/** The permissions that open closed places. */
export const openingPermissions = (tables: Tables): string[] => [
  ...new Set(closingTables(tables).map(({ closing }) => closing.opensWith)),
];

/**
 * The condition that a sub-select finds a row. PostgreSQL runs it row by row. For `exists` it might read all rows of the other table at
 * once, because it plans without knowing for how many rows the condition is checked.
 */
const finds = (from: string): string => `(select 1 from ${from} limit 1) = 1`;

/** The condition that a place is not closed, or that the user is a member of it. */
const notClosed = ({ when, members }: ClosingFacts, table: string): string =>
  `(${table}.${columnName(when.property)} <> '${when.is}' or ${isOwn(members, `${table}.id`)})`;

/**
 * The conditions that a row is in no place that is closed to the user.
 * @param row what the row's columns are qualified with
 */
function notShutOut(tables: Tables, table: Facts, { opened }: Shape, row: string): string[] {
  const { places = {} } = ownFactsOf(table);
  return closingTables(tables).flatMap(({ name, closing }) => {
    const property = places[closing.place];
    if (property === undefined || opened(closing.opensWith)) return [];
    if (name === table.name) return [notClosed(closing, row)];
    const column = `${row}.${columnName(property)}`;
    const open = finds(
      `${name} where ${name}.organization_id = {organization} and ${name}.id = ${column} and ${notClosed(closing, name)}`,
    );
    return [`(${column} is null or ${open})`];
  });
}

/** Selects the ids of the rows that have the user among their people. */
const ownIds = ({ in: links, row, user }: PeopleLinks): string =>
  `select ${columnName(row)} from ${links().meta.tableName} where organization_id = {organization} and ${columnName(user)} = {user}`;

function inPlaces({ places, shared = false }: OwnFacts, place: string | null, row: string): string[] {
  if (place === null || shared) return [];
  const property = places?.[place];
  // Checked row by row: PostgreSQL would expect few rows in the places, and read and sort all of them for one page of a list.
  return [property === undefined ? '1 = 0' : `(${row}.${columnName(property)} in ({places})) is true`];
}

/** The condition that the user is among the people of a row. It reads this row's people only, however many rows the user has. */
function isOwn({ in: links, row, user }: PeopleLinks, id: string): string {
  const name = links().meta.tableName;
  return finds(
    `${name} where ${name}.organization_id = {organization} and ${name}.${columnName(row)} = ${id} and ${name}.${columnName(user)} = {user}`,
  );
}

/** The condition that a row of a table with facts of its own is visible. Another row names it by id. It reads this one row only. */
function isVisible(tables: Tables, table: Facts, shape: Shape, id: string): string {
  const { name } = table;
  const facts = ownFactsOf(table);
  const isMine = shape.own && facts.people ? [isOwn(facts.people, id)] : [];
  const limits = [...inPlaces(facts, shape.place, name), ...notShutOut(tables, table, shape, name)];
  if (limits.length === 0 && isMine.length > 0) return both(isMine);
  const row = [`${name}.organization_id = {organization}`, `${name}.id = ${id}`, ...limits];
  return both([finds(`${name} where ${both(row)}`), ...isMine]);
}

/** The tables with facts of their own on which the visibility of a table's rows depends, each with the property that refers to it. */
function deciding(tables: Tables, { visibility: facts, ...table }: Facts): [property: string, table: Facts][] {
  if (facts?.kind === 'own') return [['id', { ...table, visibility: facts }]];
  if (facts?.kind !== 'parent') return [];
  return Object.entries(facts.parents).map(([property, parent]) => {
    const name = parent().meta.tableName;
    return [property, tables.get(name) ?? { name }];
  });
}

/**
 * Events about rows that some principals do not see are visible with these rows. Other events are visible to everybody. Whoever sees
 * all rows except those in closed places does not see the events about rows that are gone, because nothing says where these were.
 */
function aboutEntities(tables: Tables, shape: Shape): string {
  const everything = shape.place === null && !shape.own;
  const types: string[] = [];
  const visible: string[] = [];
  for (const table of tables.values()) {
    const facts = table.visibility;
    if (!facts || facts.kind === 'event') continue;
    if (everything && deciding(tables, table).every(([, one]) => notShutOut(tables, one, shape, '').length === 0))
      continue;
    types.push(`'${facts.entityType}'`);
    if (facts.kind === 'parent') continue;
    for (const column of ['entity_id', 'parent_id'])
      visible.push(`(${isVisible(tables, table, shape, `{table}.${column}`)})`);
  }
  if (types.length === 0) return everything ? allRows : '1 = 0';
  const narrowed = `in (${types.join(', ')})`;
  // A scope covers a part of the organization: what happens outside of its places is not part of it.
  if (shape.place === null)
    visible.push(
      `({table}.entity_type not ${narrowed} and ({table}.parent_type is null or {table}.parent_type not ${narrowed}))`,
    );
  return visible.join(' or ');
}

/** A condition that is true for the rows of the table that a principal sees by one item of their visibility. */
export function predicateOf(tables: Tables, table: TableDefinition, shape: Shape): string {
  const { visibility: facts } = table;
  if (!facts) return allRows;
  if (facts.kind === 'event') return aboutEntities(tables, shape);
  if (facts.kind === 'own')
    return both([
      ...inPlaces(facts, shape.place, '{table}'),
      ...(shape.own && facts.people ? [`{table}.id in (${ownIds(facts.people)})`] : []),
      ...notShutOut(tables, table, shape, '{table}'),
    ]);
  const parents = deciding(tables, table);
  const everything = shape.place === null && !shape.own;
  const conditions = parents.flatMap(([property, parent]) => {
    if (everything && notShutOut(tables, parent, shape, '').length === 0) return [];
    const column = `{table}.${columnName(property)}`;
    const visible = isVisible(tables, parent, shape, column);
    return [parents.length === 1 ? visible : `(${column} is null or ${visible})`];
  });
  return both(conditions);
}
