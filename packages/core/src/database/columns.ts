import { p, type Platform, Type } from '@mikro-orm/core';

/** The column of a property: `createdAt` is stored in `created_at`. */
export const columnName = (property: string): string =>
  property.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A number with two decimals, kept as an integer count of hundredths, so that sums are exact. */
export class HundredthsType extends Type<number | null, number | null> {
  override convertToDatabaseValue(value: number | null): number | null {
    return value === null || value === undefined ? null : Math.round(value * 100);
  }

  override convertToJSValue(value: number | null): number | null {
    return value === null || value === undefined ? null : value / 100;
  }

  override getColumnType(_property: unknown, platform: Platform): string {
    return platform.getIntegerTypeDeclarationSQL({});
  }

  override compareAsType(): string {
    return 'number';
  }
}

/** An instant with milliseconds: timestamptz(3) on PostgreSQL, integer milliseconds on SQLite. */
export const instant = () => p.datetime(3);

/** Text that lists are sorted by, in byte order on both databases (the migrations collate columns named …Sort so). */
export const sortKey = () => p.text();

export const hundredths = () => p.type(HundredthsType).$type<number>();

/** A UUID. SQLite stores it as 16 bytes, because a text would take 36 bytes in every row and in every index. */
export class IdType extends Type<string | null, string | null> {
  override getColumnType(_property: unknown, platform: Platform): string {
    const native = platform.getUuidTypeDeclarationSQL({});
    return native === 'uuid' ? native : 'blob';
  }

  override compareAsType(): string {
    return 'string';
  }
}

/** An id, and a reference to one. */
export const id = () => p.type(IdType).$type<string>();

/** The key of every business row: the organization first, so that the rows of one tenant lie together. */
export const tenantKey = () => ({ organizationId: id().primary(), id: id().primary() });

/** The base columns of every business entity (H1). People are memberships, by their user ids. */
export const auditColumns = () => ({
  version: p.integer().version(),
  createdAt: instant(),
  createdById: id(),
  updatedAt: instant(),
  updatedById: id(),
});

/** The base columns of an entity whose rows are moved to the trash before they are deleted. */
export const trashColumns = () => ({ ...auditColumns(), deletedAt: instant().nullable() });

/** An index for each of these properties: the rows of an organization in its order, and where it is equal in that of their ids. */
export const indexesBy = <const Name extends string>(
  ...properties: Name[]
): { properties: ('organizationId' | 'id' | Name)[] }[] =>
  properties.map((property) => ({ properties: ['organizationId', property, 'id'] }));
