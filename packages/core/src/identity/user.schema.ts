import { z } from 'zod';
import { id, input, instantOut, listInput } from '../kernel/schemas.ts';
import { line } from '../kernel/text.ts';

export const User = z
  .object({
    id: z.uuid(),
    email: z.string(),
    emailVerifiedAt: instantOut().nullable().describe('When the address was proven to be theirs; null until then.'),
    username: z.string().nullable(),
    fullName: z.string().nullable(),
    locale: z.string().describe('A BCP 47 language tag.'),
    timezone: z.string().describe('A name of the IANA time zone database.'),
    avatarUrl: z.string().nullable(),
    isActive: z.boolean(),
    isInstanceAdmin: z.boolean().describe('Whether they administer the instance itself.'),
    lastLoginAt: instantOut().nullable(),
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
export const email = () => z.email().max(254);

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
    .describe('A name of the IANA time zone database, such as `Europe/Berlin`.');

export const locale = () =>
  z
    .string()
    .min(2)
    .max(35)
    .refine(isLocale, 'Must be a BCP 47 language tag, such as de-CH.')
    .describe('A BCP 47 language tag.');

export const UserUpdate = input('UserUpdate', {
  username: username().nullable().optional(),
  fullName: line(200).nullable().optional(),
  locale: locale().optional(),
  timezone: timezone().optional(),
  avatarUrl: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .nullable()
    .optional()
    .describe('An http or https address.'),
});
export type UserUpdate = z.output<typeof UserUpdate>;
