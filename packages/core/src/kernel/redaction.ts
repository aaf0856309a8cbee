import { z } from 'zod';

const secrets = z.registry<{ secret: true }>();

/**
 * Marks a field whose value must not be logged or copied anywhere: a password, a token, a key, a code.
 * @example password: secret(text(1, 1024)).optional().describe('Of the account.')
 */
export function secret<Schema extends z.ZodType>(schema: Schema): Schema {
  secrets.add(schema, { secret: true });
  return schema;
}

/** Where the secrets of a value are. Null: it has none. `all`: the value itself is a secret. */
type Places =
  | null
  | 'all'
  | {
      /** By the name of the member. */
      readonly members: ReadonlyMap<string, Places>;
      /** Those of the items of an array, or of the members of a record. */
      readonly items: Places;
    };

const known = new WeakMap<z.core.$ZodType, Places>();

function merge(one: Places, other: Places): Places {
  if (one === null || other === 'all') return other;
  if (other === null || one === 'all') return one;
  const members = new Map(one.members);
  for (const [name, places] of other.members) members.set(name, merge(members.get(name) ?? null, places));
  return { members, items: merge(one.items, other.items) };
}

const mergeAll = (schemas: readonly z.core.$ZodType[]): Places =>
  schemas.reduce<Places>((places, schema) => merge(places, placesIn(schema)), null);

function findPlaces(schema: z.core.$ZodType): Places {
  // A schema that is derived by `describe` or `refine` inherits the mark.
  if (secrets.get(schema)) return 'all';
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNonOptional ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch
  )
    return placesIn(schema.def.innerType);
  if (schema instanceof z.ZodPipe) return mergeAll([schema.def.in, schema.def.out]);
  if (schema instanceof z.ZodUnion) return mergeAll(schema.def.options);
  if (schema instanceof z.ZodIntersection) return mergeAll([schema.def.left, schema.def.right]);
  if (schema instanceof z.ZodArray) return inside(placesIn(schema.def.element));
  if (schema instanceof z.ZodRecord) return inside(placesIn(schema.def.valueType));
  if (schema instanceof z.ZodTuple) return inside(mergeAll(schema.def.items));
  if (!(schema instanceof z.ZodObject)) return null;
  const members = new Map<string, Places>();
  for (const [name, member] of Object.entries<z.core.$ZodType>(schema.def.shape)) {
    const places = placesIn(member);
    if (places !== null) members.set(name, places);
  }
  return members.size === 0 ? null : { members, items: null };
}

const inside = (items: Places): Places => (items === null ? null : { members: new Map(), items });

function placesIn(schema: z.core.$ZodType): Places {
  const places = known.get(schema);
  if (places !== undefined) return places;
  const found = findPlaces(schema);
  known.set(schema, found);
  return found;
}

/** Whether a value of the schema can contain a secret. */
export const hasSecrets = (schema: z.core.$ZodType): boolean => placesIn(schema) !== null;

/** The text that replaces a secret. */
export const removed = '[removed]';

function without(places: Places, value: unknown): unknown {
  if (places === null || value === null || value === undefined) return value;
  if (places === 'all') return removed;
  if (Array.isArray(value)) return value.map((item) => without(places.items, item));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, without(places.members.get(name) ?? places.items, member)]),
  );
}

/**
 * Answers a value with its secrets replaced by `[removed]`, and does not change the value itself. The value is an input or an output of the
 * schema.
 */
export const withoutSecrets = (schema: z.core.$ZodType, value: unknown): unknown => without(placesIn(schema), value);
