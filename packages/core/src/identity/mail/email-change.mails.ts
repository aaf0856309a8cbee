import { z } from 'zod';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { findRow } from '../../database/rows.ts';
import { makeAccountToken } from '../account-token.ts';
import { EmailChangeEntity } from '../email-change.entity.ts';
import { UserEntity } from '../user.entity.ts';
import { keyOf } from '../../kernel/text.ts';
import { disabledAddition } from '../user.events.ts';
import type { JobPayload } from '../../jobs/index.ts';
import type { MailTemplate } from './mail.job.ts';
import { greetingOf, inert, tokenBlocks, writeMail } from './message.ts';

const Payload = z.object({ changeId: z.string() });

/** A change is one row, so its tokens are bound to its id alone. */
export const changeSubject = (changeId: string) => ({ id: changeId, boundTo: [] });

/** Reads the change that the payload names, with the name of its user. Answers null when the user is not active. */
const findChange = (ctx: ServiceContext, payload: JobPayload) =>
  readThroughIdentityDoor(ctx.database, async (db) => {
    const change = await findRow(db, EmailChangeEntity, { id: Payload.parse(payload).changeId });
    const user = change && (await findRow(db, UserEntity, { id: change.userId }));
    return change && user?.isActive ? { ...change, fullName: user.fullName } : null;
  });

/** Asks the new address to confirm. Sends nothing when somebody has the address already or the change is not pending. */
export const confirmEmailMail: MailTemplate = async (ctx, payload) => {
  const change = await findChange(ctx, payload);
  if (change?.status !== 'pending') return null;
  const emailKey = keyOf(change.toEmail);
  const taken = await readThroughIdentityDoor(ctx.database, (db) => findRow(db, UserEntity, { emailKey }));
  if (taken) return null;
  const { publicUrl } = ctx.settings;
  const end = new Date(change.expiresAt);
  const token = makeAccountToken(ctx.settings, 'confirm-email', changeSubject(change.id), end);
  return writeMail({
    to: change.toEmail,
    subject: 'Confirm your new e-mail address',
    blocks: [
      `somebody asked to use this address for an account at ${publicUrl}. Confirm the change within 24 hours with this token:`,
      ...tokenBlocks(publicUrl, '/auth/confirm-email', { token }),
      'If you did not ask for this, ignore this mail.',
    ],
  });
};

/** Tells the old address about the change, and lets it undo the change. Sends nothing if the old address was not verified. */
export const undoEmailMail: MailTemplate = async (ctx, payload) => {
  const change = await findChange(ctx, payload);
  if (!change || change.undoUntil === null || change.status === 'undone') return null;
  const { publicUrl } = ctx.settings;
  const end = new Date(change.undoUntil);
  const token = makeAccountToken(ctx.settings, 'undo-email', changeSubject(change.id), end);
  return writeMail({
    to: change.fromEmail,
    subject: 'Your e-mail address is being changed',
    // This address was verified, or there would be no undoing.
    name: change.fullName,
    blocks: [
      `the address of your account at ${publicUrl} is being changed to ${change.toEmail}.`,
      'If that was you, there is nothing to do. If it was not, somebody knows your password: undo it within 7 days with this token.',
      ...tokenBlocks(publicUrl, '/auth/undo-email-change', { token }),
      'This ends all sessions and deletes the password. Another mail then lets you set a new one.',
    ],
  });
};

const Undone = z.object({ userId: z.string(), disabled: z.array(disabledAddition) });

const kinds = {
  passkey: 'passkey',
  identity: 'linked identity at',
  totp: 'authenticator app',
  recovery_codes: 'recovery codes, which are deleted: make new ones',
  api_key: 'API key',
};

/** Tells the owner of an account that a change of the address was undone, and what was disabled with it. */
export const emailChangeUndoneMail: MailTemplate = async (ctx, payload) => {
  const { userId, disabled } = Undone.parse(payload);
  const user = await readThroughIdentityDoor(ctx.database, (db) => findRow(db, UserEntity, { id: userId }));
  if (!user?.isActive) return null;
  const { publicUrl } = ctx.settings;
  const list = disabled.map(({ kind, name }) => `- ${kinds[kind]}${name === null ? '' : ` ${inert(name)}`}`).join('\n');
  return writeMail({
    to: user.email,
    subject: 'The change of your e-mail address was undone',
    name: greetingOf(user),
    blocks: [
      `your account at ${publicUrl} has this address again. The password is deleted, and all sessions have ended.`,
      ...(list === ''
        ? ['Nothing else was added to the account since the change.']
        : [
            `This was added to the account since the change, and is disabled:\n${list}`,
            'If something of it is yours, sign in and enable it again. Delete the rest.',
          ]),
    ],
  });
};
