import { z } from 'zod';
import { id, input, instantOut, listInput } from '../kernel/schemas.ts';
import { line } from '../kernel/text.ts';

export const User = z
  .object({
    id: z.uuid(),
    email: z.string().describe('The e-mail address.'),
    emailVerifiedAt: instantOut()
      .nullable()
      .describe('When the user proved that the address is theirs; null until then.'),
    username: z.string().nullable().describe('The username; null when they have none.'),
    fullName: z.string().nullable().describe('The full name; null when it is unknown.'),
    locale: z.string().describe('A BCP 47 language tag.'),
    timezone: z.string().describe('A name of the IANA time zone database.'),
    avatarUrl: z.string().nullable().describe('The address of their picture; null when they have none.'),
    isActive: z.boolean().describe('Whether they can sign in.'),
    isInstanceAdmin: z.boolean().describe('Whether they administer the instance itself.'),
    lastLoginAt: instantOut().nullable().describe('When they signed in last; null is never.'),
    createdAt: instantOut(),
    updatedAt: instantOut(),
  })
  .meta({ id: 'User', description: 'A person, known to the whole installation.' });
export type User = z.output<typeof User>;

export const UserListInput = z.strictObject({
  ...listInput(User, 'createdAt'),
  search: line(200).optional().describe('Part of an address, a username or a full name.'),
  active: z.boolean().optional().describe('Only those who are active, or who are not.'),
});
export type UserListInput = z.output<typeof UserListInput>;

export const UserPath = z.strictObject({ userId: id() });
export type UserPath = z.output<typeof UserPath>;

/** An e-mail address, as the user typed it. Addresses are compared without case. */
export const email = () => z.email().max(254).describe('An e-mail address, compared without case.');

/** Letters, digits, `.`, `_` and `-`, so that a username is never an address. Compared without case. */
export const username = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9._-]{3,40}$/, 'Must be 3 to 40 of a-z, 0-9, ".", "_" and "-".')
    .describe('3 to 40 of `a-z 0-9 . _ -`, unique without case.');

/** Whether `Intl` accepts a name: it throws when it does not. */
function isKnown(ask: () => unknown): boolean {
  try {
    ask();
    return true;
  } catch {
    return false;
  }
}

/** `Intl` also accepts offsets such as +02:00, which say nothing about summer time, so the name must begin with a letter. */
const isTimezone = (name: string): boolean =>
  /^[A-Za-z]/.test(name) && isKnown(() => new Intl.DateTimeFormat('en', { timeZone: name }));

const isLocale = (tag: string): boolean => isKnown(() => Intl.getCanonicalLocales(tag));

export const timezone = () =>
  z
    .string()
    .min(1)
    .max(64)
    .refine(isTimezone, 'Must be a time zone of the IANA database, such as Europe/Berlin.')
    .meta({
      description: 'A name of the IANA time zone database, such as `Europe/Berlin`.',
      pattern: '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$',
      examples: ['Europe/Berlin'],
    });

/** The tags that the document allows: language, script, region and one variant. More parts are accepted, as far as `Intl` knows them. */
const localePattern =
  '^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))?$';

export const locale = () =>
  z
    .string()
    .min(2)
    .max(35)
    .refine(isLocale, 'Must be a BCP 47 language tag, such as de-CH.')
    .meta({ description: 'A BCP 47 language tag, such as `de-CH`.', pattern: localePattern, examples: ['de-CH'] });

export const UserUpdate = input('UserUpdate', {
  username: username().nullable().optional(),
  fullName: line(200).nullable().optional().describe('The full name.'),
  locale: locale().optional(),
  timezone: timezone().optional(),
  avatarUrl: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .nullable()
    .optional()
    .meta({ description: 'An http or https address of a picture.', pattern: '^https?://[^/?#]' }),
});
export type UserUpdate = z.output<typeof UserUpdate>;
