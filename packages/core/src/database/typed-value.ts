import { isUuid } from '../kernel/ids.ts';
import { Slot } from './statement.ts';

/**
 * What kind of column a text belongs to. SQLite stores ids as blobs of 16 bytes, and a blob never equals a text, so every value must
 * be encoded as its column is. PostgreSQL converts the text itself.
 */
export type ValueType = 'id' | 'text';

/** A value, a list of values or the slot of one, with the type of its column. SQLite encodes it when it is bound. */
export class TypedValue {
  readonly type: ValueType;
  readonly value: unknown;

  constructor(type: ValueType, value: unknown) {
    this.type = type;
    this.value = value;
  }
}

/**
 * An id, or a list of ids, for raw SQL: beside a column of a query builder no value needs it.
 * @example sql`organization_id = ${asId(organizationId)}`
 */
export const asId = (value: unknown): TypedValue => new TypedValue('id', value);

/** A text that a person may have chosen, for raw SQL. It may look like an id. */
export const asText = (value: unknown): TypedValue => new TypedValue('text', value);

/** Wraps a value for its column. Most texts need no wrapping, because they do not look like ids. */
export function typed(type: ValueType | undefined, value: unknown): unknown {
  if (type === undefined || value === null || value === undefined || value instanceof TypedValue) return value;
  if (type === 'id' || value instanceof Slot || (typeof value === 'string' && value.length === 36 && isUuid(value)))
    return new TypedValue(type, value);
  return value;
}

/** The value itself, for PostgreSQL. */
export const untyped = (value: unknown): unknown => (value instanceof TypedValue ? value.value : value);
