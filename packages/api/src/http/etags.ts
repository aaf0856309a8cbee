import { createHash } from 'node:crypto';
import type { Coding } from './codings.ts';

/** One entity tag of If-Match or If-None-Match (RFC 9110, section 8.8.3). */
export interface EntityTag {
  readonly weak: boolean;
  /** The text in quotes, without the content coding that we have added to it. */
  readonly text: string;
  /** The whole tag as a strong one: `"3-gzip"`. */
  readonly strong: string;
}

const oneTag = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
const list = new RegExp(String.raw`^[ \t,]*${oneTag}(?:[ \t]*,(?:[ \t]*${oneTag})?)*[ \t]*$`);

const coding = /-(?:br|gzip)$/;

/** Reads the tags in a header, or `*`. Null when the header is malformed. */
export function readEntityTags(header: string): '*' | EntityTag[] | null {
  if (header.trim() === '*') return '*';
  if (!list.test(header)) return null;
  return Array.from(header.matchAll(new RegExp(oneTag, 'g')), ([tag]) => {
    const strong = tag.slice(tag.indexOf('"'));
    return { weak: tag.startsWith('W/'), text: strong.slice(1, -1).replace(coding, ''), strong };
  });
}

/**
 * The ETag of an answer that is sent in a content coding: `"3-gzip"`. Its bytes differ from those of `"3"`, so a strong ETag must differ
 * too (RFC 9110, section 8.8.3.3). `readEntityTags` takes the coding away again, because the version is the same.
 */
export const inCoding = (etag: string, name: Coding): string => `${etag.slice(0, -1)}-${name}"`;

/**
 * Finds the ETag in If-None-Match that names an answer, in whichever coding the client got it. Null when the client does not have the
 * answer. For `*` it is the ETag itself. A malformed header is ignored.
 */
export function knownEntityTag(ifNoneMatch: string | undefined, etag: string): string | null {
  const tags = ifNoneMatch === undefined ? null : readEntityTags(ifNoneMatch);
  if (tags === '*') return etag;
  return tags?.find(({ text }) => `"${text}"` === etag)?.strong ?? null;
}

/**
 * How a client asks whether it still has an answer with a version. `version`: nothing in the answer changes without the version. `digest`:
 * the answer also shows other rows, such as the names of people, so its ETag then contains a digest of all that it shows.
 */
export type Revalidation = 'version' | 'digest';

const digestOf = (data: unknown): string =>
  createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 32);

const versionTag = /^(0|[1-9]\d{0,14})(?:-[0-9a-f]{32})?$/;

/** The version in the text of an ETag. Null when we never gave such an ETag. */
export function versionIn(text: string): number | null {
  const version = versionTag.exec(text)?.[1];
  return version === undefined ? null : Number(version);
}

/** The ETag of an answer, and the ETag by which the client already has it. */
export interface AnswerTags {
  /** Null when the answer has no version. */
  readonly etag: string | null;
  /** Null unless 304 is enough. */
  readonly known: string | null;
}

const noTags: AnswerTags = { etag: null, known: null };

/**
 * Makes the ETag of an answer, which is its version. A digest costs time, so it is added only for clients that revalidate: their first
 * If-None-Match names the version, and the full answer to it has the ETag that gets a 304 from then on.
 * @param data the answer
 * @param revalidates null when the answer is always sent in full
 */
export function tagsOf(data: unknown, revalidates: Revalidation | null, ifNoneMatch: string | undefined): AnswerTags {
  if (typeof data !== 'object' || data === null || !('version' in data) || typeof data.version !== 'number')
    return noTags;
  const version = String(data.version);
  if (revalidates === null || ifNoneMatch === undefined) return { etag: `"${version}"`, known: null };
  const etag = revalidates === 'version' ? `"${version}"` : `"${version}-${digestOf(data)}"`;
  // `*` does not say that the client has this answer, but only that it has one.
  const isNamed = revalidates === 'version' || ifNoneMatch.trim() !== '*';
  return { etag, known: isNamed ? knownEntityTag(ifNoneMatch, etag) : null };
}
