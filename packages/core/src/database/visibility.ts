import type { PlaceKind, VisibleRows } from '../kernel/principal.ts';
import { columnName } from './columns.ts';
import type { OwnFacts, TableDefinition } from './table.ts';

/*
 * The SQL of what a principal sees, from the facts that tables state. The placeholders `{table}`, `{organization}`, `{user}` and
 * `{places}` are filled in by the read door.
 */

type Tables = ReadonlyMap<string, TableDefinition>;
type Facts = Pick<TableDefinition, 'name' | 'visibility'>;
type Shape = Pick<VisibleRows, 'place' | 'own'>;

function ownFactsOf({ name, visibility }: Facts): OwnFacts {
  if (visibility?.kind !== 'own') throw new Error(`Table ${name} states no facts of its own about who sees its rows.`);
  return visibility;
}

const both = (conditions: readonly string[]): string => conditions.join(' and ') || '1 = 1';

/**
 * What a decision needs to know about a row, from the facts that its table states.
 * @param people the user ids of its people, where the table has people. @default nobody
 */
export function subjectOf(
  table: Facts,
  row: object,
  people: readonly string[] = [],
): { people?: readonly string[]; places: Record<PlaceKind, string | null> } {
  const facts = ownFactsOf(table);
  const places = Object.entries(facts.places ?? {}).map(([kind, property]): [PlaceKind, string | null] => {
    const place: unknown = Reflect.get(row, property);
    return [kind, typeof place === 'string' ? place : null];
  });
  return { ...(facts.people && { people }), places: Object.fromEntries(places) };
}

/** Selects the ids of the rows that have the user among their people. */
const ownIds = ({ in: links, row, user }: NonNullable<OwnFacts['people']>): string =>
  `select ${columnName(row)} from ${links().meta.tableName} where organization_id = {organization} and ${columnName(user)} = {user}`;

const inPlaces = (facts: OwnFacts, place: string, prefix: string): string => {
  const property = facts.places?.[place];
  return property === undefined ? '1 = 0' : `${prefix}${columnName(property)} in ({places})`;
};

/** The condition that the user is among the people of a row. It reads this row's people only, however many rows the user has. */
const isOwn = ({ in: links, row, user }: NonNullable<OwnFacts['people']>, id: string): string =>
  `exists (select 1 from ${links().meta.tableName} where organization_id = {organization} and ${columnName(row)} = ${id} and ${columnName(user)} = {user})`;

/** The condition that a row of a table with facts of its own is visible. Another row names it by id. It reads this one row only. */
function isVisible(table: Facts, { place, own }: Shape, id: string): string {
  const facts = ownFactsOf(table);
  const isMine = own && facts.people ? [isOwn(facts.people, id)] : [];
  if (place === null && isMine.length > 0) return both(isMine);
  const row = [
    'organization_id = {organization}',
    `id = ${id}`,
    ...(place === null ? [] : [inPlaces(facts, place, '')]),
  ];
  return both([`exists (select 1 from ${table.name} where ${both(row)})`, ...isMine]);
}

/** Events about rows that some principals do not see are visible with these rows. Other events are visible to everybody. */
function aboutEntities(tables: Tables, shape: Shape): string {
  const types: string[] = [];
  const visible: string[] = [];
  for (const table of tables.values()) {
    const facts = table.visibility;
    if (!facts || facts.kind === 'event') continue;
    types.push(`'${facts.entityType}'`);
    if (facts.kind === 'parent') continue;
    for (const column of ['entity_id', 'parent_id']) visible.push(`(${isVisible(table, shape, `{table}.${column}`)})`);
  }
  const narrowed = `in (${types.join(', ')})`;
  // A scope covers a part of the organization: what happens outside of its places is not part of it.
  if (shape.place === null)
    visible.push(
      `({table}.entity_type not ${narrowed} and ({table}.parent_type is null or {table}.parent_type not ${narrowed}))`,
    );
  return visible.join(' or ');
}

/** A condition that is true for the rows of the table that a principal sees by one item of their visibility. */
export function predicateOf(tables: Tables, { visibility: facts }: TableDefinition, shape: Shape): string {
  if (!facts) return '1 = 1';
  if (facts.kind === 'event') return aboutEntities(tables, shape);
  if (facts.kind === 'parent') {
    const name = facts.parent().meta.tableName;
    return isVisible(tables.get(name) ?? { name }, shape, `{table}.${columnName(facts.by)}`);
  }
  return both([
    ...(shape.place === null ? [] : [inPlaces(facts, shape.place, '{table}.')]),
    ...(shape.own && facts.people ? [`{table}.id in (${ownIds(facts.people)})`] : []),
  ]);
}
