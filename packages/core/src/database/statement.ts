import type { Compilable, Kysely } from 'kysely';
import { Memo } from '../kernel/memo.ts';
import type { Dialect } from './engine.ts';
import type { Tables } from './schema.ts';

/** Stands in a compiled statement where a value will be bound. */
export class Slot {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Bound to the places of one item of what the principal sees under a permission. */
export class VisibleSlot extends Slot {
  readonly permission: string;
  readonly item: number;

  constructor(permission: string, item: number) {
    super(`places ${item} of ${permission}`);
    this.permission = permission;
    this.item = item;
  }
}

/** Bound to the organization and the user of the door: for statements, where a table's wall lets through more than that. */
export const current = {
  organization: new Slot('organization of the door') as unknown as string,
  user: new Slot('user of the door') as unknown as string,
};

export type StatementValues = Readonly<Record<string, unknown>>;

/**
 * A query that is built, walled and compiled once for each kind of visibility, and then only bound: building one costs more
 * than running it. `build` sees slots in place of values, so it may put them into the query and nothing else: what the query
 * looks like depends on its shape.
 */
export interface Statement<Values extends StatementValues, Row> {
  readonly build: (db: Kysely<Tables>, values: Values, dialect: Dialect) => Compilable<Row>;
}

/** What a statement answers. */
export type RowOf<Of> = Of extends Statement<never, infer Row> ? Row : never;

/** @example const taskById = statement((db, { id }: { id: string }) => db.selectFrom('tasks').selectAll().where('tasks.id', '=', id)) */
export function statement<Values extends StatementValues, Row>(
  build: Statement<Values, Row>['build'],
): Statement<Values, Row> {
  return { build };
}

/** As many shapes of one family are kept; past that the oldest is built again. */
const shapeLimit = 500;

/** Statements that differ by shape (which filters there are, which order), not by values. */
export function statementFamily<Shape, Values extends StatementValues, Row>(
  build: (db: Kysely<Tables>, values: Values, dialect: Dialect, shape: Shape) => Compilable<Row>,
): (shape: Shape) => Statement<Values, Row> {
  const made = new Memo<string, Statement<Values, Row>>(shapeLimit);
  return (shape) =>
    made.get(JSON.stringify(shape), () => statement((db, values, dialect) => build(db, values, dialect, shape)));
}

/** Answers a slot for whatever name is asked of it. */
export const slots = <Values extends StatementValues>(): Values =>
  // The one place where a slot passes for the value that will be bound.
  new Proxy({}, { get: (_, name) => new Slot(String(name)) }) as Values;
