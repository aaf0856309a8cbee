import { randomUUID } from 'node:crypto';
import { type KeyKind, replaceKeys, resolveKeys, type ServiceContext } from '@tenon/core';
import type { Operation } from './operation.ts';

/**
 * Returns the input of an operation with ids in the place of keys such as `KEY-12`. A key that leads nowhere becomes an id of nothing, so
 * the service answers as for any id that does not exist. Most inputs have no keys, and are returned at once.
 */
export function withIds(
  service: ServiceContext,
  { input: schema }: Operation,
  input: Record<string, unknown>,
): Record<string, unknown> | Promise<Record<string, unknown>> {
  const keys: { kind: KeyKind; key: string }[] = [];
  replaceKeys(schema, input, (kind, key) => {
    keys.push({ kind, key });
    return key;
  });
  if (keys.length === 0) return input;
  return resolveKeys(service, keys).then((ids) =>
    replaceKeys(schema, input, (_kind, key) => ids.get(key) ?? randomUUID()),
  );
}
