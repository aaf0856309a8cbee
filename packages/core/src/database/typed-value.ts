import { isUuid } from '../kernel/ids.ts';
import { Slot } from './statement.ts';

/**
 * The type of column that a text belongs to. SQLite stores ids as blobs of 16 bytes, and a blob never equals a text. So every value must
 * be encoded as its column is. PostgreSQL converts the text by itself.
 */
export type ValueType = 'id' | 'text';

/** A value, a list of values, or a slot for one of these, with the type of its column. It is encoded for SQLite when it is bound. */
export class TypedValue {
  readonly type: ValueType;
  readonly value: unknown;

  constructor(type: ValueType, value: unknown) {
    this.type = type;
    this.value = value;
  }
}

/**
 * Marks an id, or a list of ids, in raw SQL. The query builder needs no mark, because it knows the column beside a value.
 * @example sql`organization_id = ${asId(organizationId)}`
 */
export const asId = (value: unknown): TypedValue => new TypedValue('id', value);

/** Marks a text in raw SQL that a person may have chosen, because it may look like an id. */
export const asText = (value: unknown): TypedValue => new TypedValue('text', value);

/** Marks a value with the type of its column. Most texts need no mark, because they do not look like ids. */
export function typed(type: ValueType | undefined, value: unknown): unknown {
  if (type === undefined || value === null || value === undefined || value instanceof TypedValue) return value;
  if (type === 'id' || value instanceof Slot || (typeof value === 'string' && value.length === 36 && isUuid(value)))
    return new TypedValue(type, value);
  return value;
}

/** Removes the mark of a value, for PostgreSQL. */
export const untyped = (value: unknown): unknown => (value instanceof TypedValue ? value.value : value);
