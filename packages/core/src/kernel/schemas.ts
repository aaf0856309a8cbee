import { z } from 'zod';
import { text } from './text.ts';

/** A UUID of any version. Upper case is accepted and converted, because SQLite compares ids as text. */
export const id = () => z.guid().overwrite((value) => value.toLowerCase());

/** The shape of an answer, under its name in the document. It may gain fields, and clients ignore unknown fields. */
export const output = <Shape extends z.core.$ZodLooseShape>(name: string, shape: Shape) =>
  z.object(shape).meta({ id: name });

/** The shape of an input, under its name in the document. Unknown fields are refused. */
export const input = <Shape extends z.core.$ZodLooseShape>(name: string, shape: Shape) =>
  z.strictObject(shape).meta({ id: name });

const groups = z.registry<{ groups: readonly (readonly string[])[] }>();

const and = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), names.at(-1)].filter(Boolean).join(' and ');

/**
 * Refuses an input unless it has all fields of exactly one group, and no field of another. The document has one schema for each group.
 * @example oneOf(z.strictObject({ code, recoveryCode, … }), ['code'], ['recoveryCode'])
 */
export function oneOf<Shape extends z.core.$ZodLooseShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
  ...names: readonly (readonly (keyof Shape & string)[])[]
) {
  const isSingle = names.every(({ length }) => length === 1);
  const choice = isSingle ? `exactly one of ${and(names.flat())}` : names.map(and).join(', or ');
  const checked = schema.refine(
    (input) => {
      const isGiven = (name: string): boolean => Reflect.get(input, name) !== undefined;
      const given = names.filter((group) => group.some(isGiven));
      return given.length === 1 && given.flat().every(isGiven);
    },
    {
      path: isSingle ? names.flat().slice(0, 1) : [],
      message: `Give ${choice}.`,
      // Run it even when another field is wrong, so that one answer lists every problem.
      when: ({ value }) => typeof value === 'object' && value !== null,
    },
  );
  groups.add(checked, { groups: names });
  return checked;
}

/** The groups of fields of an input that `oneOf` has made. Null for other schemas. */
export const groupsOf = (schema: z.core.$ZodType): readonly (readonly string[])[] | null =>
  groups.get(schema)?.groups ?? null;

/** The input of an operation on one resource. */
export const ById = z.strictObject({ id: id() });
export type ById = z.output<typeof ById>;

/** Whether an entity with a trash is deleted past the trash. */
export const permanent = () =>
  z.boolean().default(false).describe('Whether to delete it for ever instead of moving it to the trash.');

/** An instant in an output: ISO 8601 in UTC with milliseconds. */
export const instantOut = () => z.iso.datetime().meta({ examples: ['2026-01-31T09:00:00.000Z'] });

const earliest = Date.UTC(1900, 0, 1);
const latest = Date.UTC(10_000, 0, 1);

const [day, time] = [String.raw`-\d\d-\d\dT`, String.raw`\d\d:\d\d:[0-5]\d(\.\d+)?`];

/**
 * The pattern of instants in the document. An offset could move an instant at the edge out of the accepted years, so offsets are allowed
 * only in the years between. Leap seconds are not allowed, because no database stores them.
 */
const instantPattern = String.raw`^((19|[2-9]\d)\d\d${day}${time}Z|(19[1-9]\d|[2-8]\d{3})${day}${time}[+-]\d\d:\d\d)$`;

/** An instant in an input: ISO 8601 with any offset, in the years 1900 to 9999. */
export const instantIn = () =>
  z.iso
    .datetime({ offset: true })
    .refine((value) => {
      const at = Date.parse(value);
      return at >= earliest && at < latest;
    }, 'Must be an instant in the years 1900 to 9999.')
    .overwrite((value) => {
      const at = new Date(value);
      return Number.isNaN(at.getTime()) ? value : at.toISOString();
    })
    .meta({
      examples: ['2026-01-31T09:00:00.000Z', '2026-01-31T10:00:00+01:00'],
      pattern: instantPattern,
    });

const twoDecimals = (value: number): number => Number(value.toFixed(2));

/**
 * A number in an input, from 0, with at most two decimals, as the database stores it. The sum 0.1 + 0.2 is accepted as 0.3, because only
 * the last bits of the double differ.
 */
export const decimalIn = (max: number) =>
  z
    .number()
    .min(0)
    .max(max)
    .refine(
      (value) => Math.abs(value - twoDecimals(value)) <= 4 * Number.EPSILON * value,
      'Must have at most two decimals.',
    )
    .overwrite(twoDecimals)
    .meta({ multipleOf: 0.01 });

/** The version of a resource. Its ETag contains it. */
export const versionOut = () =>
  z.number().int().describe('Its ETag: send it as If-Match to change exactly what you read.');

/** The fields of resources about their creation and last change. */
export const auditOut = {
  createdAt: instantOut(),
  updatedAt: instantOut(),
  version: versionOut(),
};

/** A person inside another object. */
export const Person = z
  .object({
    id: z.uuid().describe('The user id.'),
    username: z.string().nullable().describe('The username; null when they have none.'),
    fullName: z.string().nullable().describe('The full name; null when it is unknown.'),
  })
  .meta({ id: 'Person', description: 'A user as other objects show them; `id` is the user id.' });

export type Person = z.output<typeof Person>;

/** The input fields of every list that choose the page. */
export const pageInput = {
  limit: z.number().int().min(1).max(100).default(50).describe('How many to answer at most.'),
  cursor: text(1, 2048).optional().describe('The nextCursor of the page before.'),
  total: z.boolean().default(false).describe('Whether to count all rows that match, which costs a query.'),
};

/** `field` or `-field`: ascending or descending. */
export const sort = <const Field extends string>(fields: readonly [Field, ...Field[]]) =>
  z
    .enum(fields.flatMap((field) => [field, `-${field}` as const]) as [Field | `-${Field}`, ...(Field | `-${Field}`)[]])
    .describe('The order: a field, ascending, or with `-` before it, descending.');

const rangeEnd = () => instantIn().optional().describe('Inclusive.');

/** The input fields of a list that can be limited to rows created between two instants. */
export const createdRange = { createdBefore: rangeEnd(), createdAfter: rangeEnd() };
/** The same for the last change. */
const updatedRange = { updatedBefore: rangeEnd(), updatedAfter: rangeEnd() };

/** The input fields for ranges of instants of creation and last change. */
export const ranges = { ...createdRange, ...updatedRange };

type RangesOf<Field> = ('createdAt' extends Field ? typeof createdRange : unknown) &
  ('updatedAt' extends Field ? typeof updatedRange : unknown);

/**
 * Makes the input fields of a list that can be sorted by these fields. The default is the first field, descending. The list also takes
 * ranges of `createdAt` and `updatedAt`, if its rows have these fields or it is sorted by them.
 * @param item what the list shows of each row
 */
export function listInput<Item extends z.ZodObject, const Field extends string>(
  item: Item,
  ...fields: [Field, ...Field[]]
): typeof pageInput & { sort: z.ZodDefault<ReturnType<typeof sort<Field>>> } & RangesOf<keyof Item['shape'] | Field>;
export function listInput(item: z.ZodObject, ...fields: [string, ...string[]]) {
  const has = (field: string) => field in item.shape || fields.includes(field);
  return {
    ...pageInput,
    sort: sort(fields).default(`-${fields[0]}`),
    ...(has('createdAt') && createdRange),
    ...(has('updatedAt') && updatedRange),
  };
}

/** Refuses a list that contains an item twice. @param by the property that makes two items the same. @default the items themselves */
export const distinct = <Item extends z.ZodType>(
  list: z.ZodArray<Item>,
  by: (item: z.output<Item>) => unknown = (item) => item,
) =>
  list
    .refine((items) => new Set(items.map(by)).size === items.length, 'Must not name the same one twice.')
    .meta({ uniqueItems: true });

/** A filter of a list: an item matches when it has any of the values. */
export const anyOf = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(50).optional();

/** The same for ids, or one word: `me` is the caller, and `none` matches rows without a value. */
export const anyIdOr = <const Word extends 'me' | 'none'>(word: Word) => anyOf(z.union([z.literal(word), id()]));

/**
 * The input field `include`, in which a client names additional fields of the answer. These fields are optional in the output. Each may
 * cost one statement for the whole page.
 */
export const include = <const Name extends string>(...names: [Name, ...Name[]]) =>
  distinct(z.array(z.enum(names)).min(1).max(names.length))
    .optional()
    .describe('What the answer shows in addition. Each costs a query.');

/** The input fields of a log: a list with the newest row first, without a total. */
export const logInput = { limit: pageInput.limit, cursor: pageInput.cursor };

/** The answer of a log. @param name its name in the document */
export const logPage = <Item extends z.ZodType>(item: Item, name: string) =>
  z
    .object({
      data: z.array(item).describe('The rows of this page.'),
      nextCursor: z
        .string()
        .nullable()
        .describe(
          'Pass it as cursor to read on; null on the last page. A page before that can have fewer rows than asked for, or none.',
        ),
    })
    .meta({ id: name });

/** The answer of every list. @param name its name in the document. @default from the items: a page of `Task` is `TaskPage` */
export const page = <Item extends z.ZodType>(item: Item, name = `${item.meta()?.id}Page`) =>
  z
    .object({
      data: z.array(item).describe('The rows of this page.'),
      nextCursor: z.string().nullable().describe('Pass it as cursor to read on; null on the last page.'),
      total: z.number().int().optional().describe('Only when asked for.'),
    })
    .meta({ id: name });

/** A page of a list that is counted only up to a limit: `totalExact` says whether `total` is exact. */
export const countedPage = <Item extends z.ZodType>(item: Item) =>
  z
    .object({
      ...page(item).shape,
      total: z
        .number()
        .int()
        .optional()
        .describe('Only when asked for, and at most 10,000. If totalExact is false, it is the least number.'),
      totalExact: z
        .boolean()
        .optional()
        .describe(
          'Only with total. False when not all rows were counted: counting reads at most 10,000 rows of the list, or the newest 10,000 hits of a search, and counts those that match.',
        ),
    })
    .meta({ id: `${item.meta()?.id}Page` });

export interface Page<Item> {
  data: Item[];
  nextCursor: string | null;
  total?: number;
}
