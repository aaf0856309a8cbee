/** The fields that are called and mean the same everywhere. Their schemas need no description of their own. */
const fields: Readonly<Record<string, string>> = {
  id: 'Its id.',
  createdAt: 'When it was created.',
  createdBy: 'Who created it.',
  updatedAt: 'When it was last changed.',
  updatedBy: 'Who changed it last.',
  version: 'Its version, which grows with each change.',
  name: 'Its name.',
  title: 'Its title.',
  description: 'What it is about.',
  slug: 'Names the organization in URLs.',
  color: 'Its color, as `#rrggbb`.',
  email: 'The e-mail address.',
  isActive: 'Whether it is active.',
  from: 'The value before.',
  to: 'The value after.',
  host: 'The host and port of the URL.',
  fileName: 'The name of the file.',
  mediaType: 'The media type, by the content.',
  size: 'The size in bytes.',
  sha256: 'The SHA-256 of the content, in hex.',
  body: 'The text.',
  key: 'Its key.',
  label: 'What people read on the button.',
};

/** `identityProviderId` as words: `identity provider`. */
const words = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Describes a field by its name, if fields of this name mean the same everywhere: `teamId` is the id of the team. */
export function descriptionOf(name: string): string | undefined {
  const [, one] = /^([a-z]\w+)Id$/.exec(name) ?? [];
  if (one !== undefined) return `The id of the ${words(one)}.`;
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
