import type { IncomingHttpHeaders } from 'node:http';
import { apiKeyStart, errors, type FieldError, type MutationRequest, type Versions } from '@tenon/core';
import { invalid, wrongField } from './errors.ts';
import { type EntityTag, readEntityTags, versionIn } from './http/etags.ts';
import { pointer } from './pointer.ts';

/** The headers that mutations take. */
const mutationHeaderNames = ['Idempotency-Key', 'If-Match', 'If-None-Match', 'Dry-Run'] as const;
type MutationHeaderName = (typeof mutationHeaderNames)[number];

export type MutationHeaders = Pick<MutationRequest, 'idempotencyKey' | 'ifMatch' | 'ifNoneMatch' | 'dryRun'>;

const read = (headers: IncomingHttpHeaders, name: string): string | null => {
  const value = headers[name.toLowerCase()];
  // Node joins the values of a repeated header. Only Set-Cookie is an array.
  return typeof value === 'string' ? value : null;
};

const wrongHeader = (name: string, message: string, code?: string): FieldError =>
  wrongField(pointer('header', [name]), message, code);

/** The mutation headers that the request has. */
export const sentMutationHeaders = (headers: IncomingHttpHeaders): MutationHeaderName[] =>
  mutationHeaderNames.filter((name) => read(headers, name) !== null);

/**
 * Refuses headers. Does nothing when there are no names.
 * @throws `validation_failed` at `/header/<name>`, with the message for each name
 */
export function refuseHeaders(names: readonly string[], message: string): void {
  if (names.length > 0) throw invalid(...names.map((name) => wrongHeader(name, message)));
}

const strong = (tags: '*' | readonly EntityTag[]) => (tags === '*' ? tags : tags.filter(({ weak }) => !weak));

/** The versions that some tags name. A tag that we never gave names none. */
function versionsOf(tags: '*' | readonly EntityTag[]): Versions {
  if (tags === '*') return tags;
  const named = tags.flatMap(({ text }) => versionIn(text) ?? []);
  const [only] = named;
  return named.length === 1 && only !== undefined ? only : named;
}

/**
 * Reads the headers of a mutation.
 * @throws `validation_failed` at `/header/<name>` when a header has a wrong value, or when the operation does not take it
 */
export function readMutationHeaders(
  headers: IncomingHttpHeaders,
  operation: { versioned: boolean; mutationHeaders: boolean },
): MutationHeaders {
  if (!operation.mutationHeaders)
    refuseHeaders(sentMutationHeaders(headers), 'This operation does not take this header.');
  const wrong: FieldError[] = [];
  const idempotencyKey = read(headers, 'Idempotency-Key');
  if (idempotencyKey !== null && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey))
    wrong.push(wrongHeader('Idempotency-Key', 'Must be 1 to 255 visible ASCII characters.', 'invalid_format'));

  const preconditions = (['If-Match', 'If-None-Match'] as const).map((name) => {
    const value = read(headers, name);
    const tags = value === null ? null : readEntityTags(value);
    if (value !== null && !operation.versioned)
      wrong.push(wrongHeader(name, 'This operation has no target with a version.'));
    else if (value !== null && tags === null)
      wrong.push(wrongHeader(name, 'Must be ETags as they were given, such as "3", or *.', 'invalid_format'));
    // A weak tag says that two answers are alike, which is too little to overwrite one (RFC 9110, section 13.1.1).
    return tags && versionsOf(name === 'If-Match' ? strong(tags) : tags);
  });
  const [ifMatch = null, ifNoneMatch = null] = preconditions;

  const dryRun = read(headers, 'Dry-Run');
  if (dryRun !== null && dryRun !== 'true' && dryRun !== 'false')
    wrong.push(wrongHeader('Dry-Run', 'Must be true or false.', 'invalid_value'));

  if (wrong.length > 0) throw invalid(...wrong);
  return {
    idempotencyKey,
    ifMatch,
    ifNoneMatch,
    dryRun: dryRun === 'true',
  };
}

/**
 * The token of `Authorization: Bearer <token>`. Null when the header is absent or of another scheme. Whether it has the form of a token is
 * not checked, because a token that we have not issued is refused anyway.
 */
function bearerToken({ authorization = '' }: IncomingHttpHeaders): string | null {
  const [scheme] = /^bearer +/i.exec(authorization) ?? [];
  return scheme === undefined ? null : authorization.slice(scheme.length);
}

/** The header for an API key. A key may also be sent as the bearer token. */
export const apiKeyHeader = 'X-API-Key';

/**
 * The access token or the API key of a request. Null without one.
 * @throws `validation_failed` when the request has both X-API-Key and Authorization; `unauthenticated` when the value of X-API-Key
 * does not have the form of a key
 */
export function credentialOf(headers: IncomingHttpHeaders): string | null {
  const key = read(headers, apiKeyHeader);
  if (key === null) return bearerToken(headers);
  if (headers.authorization !== undefined)
    throw invalid(wrongHeader(apiKeyHeader, 'Send an API key or an access token, not both.'));
  if (!key.startsWith(apiKeyStart)) throw errors.unauthenticated();
  return key;
}

const organizationHeader = 'X-Organization-Id';
const organizationName = /^[A-Za-z0-9-]{1,64}$/;

/** Whether a value has the form of an organization's id or slug. */
export const isOrganizationName = (text: unknown): text is string =>
  typeof text === 'string' && organizationName.test(text);

/**
 * The organization in X-Organization-Id, an id or a slug. Null without the header.
 * @throws `validation_failed` at `/header/X-Organization-Id` when the value cannot be either
 */
export function readOrganizationHeader(headers: IncomingHttpHeaders): string | null {
  const value = read(headers, organizationHeader);
  if (value === null || isOrganizationName(value)) return value;
  throw invalid(wrongHeader(organizationHeader, "Must be an organization's id or slug.", 'invalid_format'));
}

const callerHeaders: ReadonlySet<string> = new Set(
  ['Authorization', apiKeyHeader, organizationHeader].map((name) => name.toLowerCase()),
);

/** The headers that say who calls and in which organization. The case of names does not matter, and other names are left out. */
export const callerHeadersOf = (sent: Readonly<Record<string, string>>): IncomingHttpHeaders =>
  Object.fromEntries(
    Object.entries(sent)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => callerHeaders.has(name)),
  );
