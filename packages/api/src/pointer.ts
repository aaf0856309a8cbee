/** The part of a REST request that a field is in. */
export type Place = 'body' | 'query' | 'path' | 'header';

const escape = (name: PropertyKey): string => String(name).replaceAll('~', '~0').replaceAll('/', '~1');

/** A JSON Pointer (RFC 6901) into the request. */
export const pointer = (place: Place, names: readonly PropertyKey[]): string =>
  [`/${place}`, ...names.map(escape)].join('/');
