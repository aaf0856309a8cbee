/** One entity tag of If-Match or If-None-Match (RFC 9110, section 8.8.3). */
export interface EntityTag {
  readonly weak: boolean;
  /** The text in quotes. */
  readonly text: string;
}

const oneTag = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
const list = new RegExp(String.raw`^[ \t,]*${oneTag}(?:[ \t]*,(?:[ \t]*${oneTag})?)*[ \t]*$`);

/** Reads the tags in a header, or `*`. Null when the header is malformed. */
export function readEntityTags(header: string): '*' | EntityTag[] | null {
  if (header.trim() === '*') return '*';
  if (!list.test(header)) return null;
  return Array.from(header.matchAll(new RegExp(oneTag, 'g')), ([tag]) => ({
    weak: tag.startsWith('W/'),
    text: tag.slice(tag.indexOf('"') + 1, -1),
  }));
}

/** Whether If-None-Match names this ETag, so that the client already has what it would be sent. It ignores a malformed header. */
export function hasEntityTag(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = ifNoneMatch === undefined ? null : readEntityTags(ifNoneMatch);
  return tags === '*' || (tags?.some(({ text }) => `"${text}"` === etag) ?? false);
}
