/** What the column of a field holds. */
export type Kind = 'text' | 'integer' | 'boolean' | 'hundredths' | 'instant' | 'json';

/** A field of a task. */
export interface Field {
  /** As the wire calls it. */
  name: string;
  /** Null is a field that is made of other rows: it is put together by hand. */
  column: string | null;
  kind: Kind;
  nullable: boolean;
}

export interface Person {
  id: string;
  username: string | null;
  fullName: string | null;
}

export interface Tag {
  id: string;
  name: string;
  color: string;
}

export const statuses = ['todo', 'in_progress', 'in_review', 'done', 'archived'] as const;
export type Status = (typeof statuses)[number];

/** A row of `tasks`, with values as the wire has them: what this server works with, beside what it only passes on. */
export interface TaskRow {
  id: string;
  number: number;
  title: string;
  status: Status;
  completedAt: string | null;
  createdAt: string;
  createdById: string;
  updatedAt: string;
  updatedById: string;
  version: number;
}

/** A task as the wire shows it. */
export type Task = Readonly<Record<string, unknown>>;

/** The fields of a task, in the order of the wire. The benchmark reads them from the platform's schema, and starts this server with them. */
export const fields = JSON.parse(process.env['TASK_FIELDS'] ?? '[]') as readonly Field[];

type Column = Field & { column: string };

const person = (name: string, column: string): Column => ({ name, column, kind: 'text', nullable: false });

/** The columns that are read of a task, with the names that they have in a row. */
const columns: readonly Column[] = [
  ...fields.filter((field): field is Column => field.column !== null),
  person('createdById', 'created_by_id'),
  person('updatedById', 'updated_by_id'),
];

/** The same for `select`. */
export const columnList = columns.map(({ column }) => column).join(', ');

/**
 * Compiles a function that makes an object, once, at the start: what somebody would write by hand for these fields. An object
 * literal is made ten times as fast as an object that is filled member by member.
 * @param members the code of each, by name
 */
function compiled<Made>(
  parameters: string,
  members: readonly (readonly [name: string, code: string])[],
  known: Readonly<Record<string, unknown>> = {},
): Made {
  const literal = members.map(([name, code]) => `${name}: ${code}`).join(', ');
  // oxlint-disable-next-line typescript/no-implied-eval -- what it is made of comes from our own schema
  const make = new Function(...Object.keys(known), `return (${parameters}) => ({ ${literal} })`) as (
    ...known: unknown[]
  ) => Made;
  return make(...Object.values(known));
}

/** How the values of a kind are read: what is not named is taken as it comes. */
export type Decoders = Readonly<Partial<Record<Kind, (value: never) => unknown>>>;

/** Makes the reader of rows that come as arrays, in the order of `columnList`. */
export function rowReader(decoders: Decoders): (raw: readonly unknown[]) => TaskRow {
  const read = ({ name, kind, nullable }: Column, index: number) => {
    const value = `raw[${index}]`;
    if (!decoders[kind]) return [name, value] as const;
    return [name, nullable ? `${value} === null ? null : ${kind}(${value})` : `${kind}(${value})`] as const;
  };
  return compiled('raw', columns.map(read), decoders);
}

const isKeyOf = <Known extends object>(known: Known, name: string): name is string & keyof Known =>
  Object.hasOwn(known, name);

const joined = { key: 'null', assignees: 'assignees', tags: 'tags', createdBy: 'createdBy', updatedBy: 'updatedBy' };

/** Puts a task together from its row and what is joined to it. */
export const taskOf: (row: TaskRow, assignees: Person[], tags: Tag[], createdBy: Person, updatedBy: Person) => Task =
  compiled(
    'row, assignees, tags, createdBy, updatedBy',
    fields.map(({ name }) => [name, isKeyOf(joined, name) ? joined[name] : `row.${name}`]),
  );

const initial = {
  id: 'id',
  number: '0',
  title: 'title',
  status: "'todo'",
  priority: "'medium'",
  createdById: 'userId',
  updatedById: 'userId',
  createdAt: 'at',
  updatedAt: 'at',
  version: '1',
};

/** What a field is that nobody sets. */
const unset = ({ kind, nullable }: Column): string => {
  if (nullable) return 'null';
  return { text: "''", integer: '0', hundredths: '0', boolean: 'false', instant: 'at', json: 'null' }[kind];
};

/** Makes the row of a new task. */
export const rowOfNew: (id: string, title: string, userId: string, at: string) => TaskRow = compiled(
  'id, title, userId, at',
  columns.map((column) => [column.name, isKeyOf(initial, column.name) ? initial[column.name] : unset(column)]),
);
