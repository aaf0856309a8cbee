import { expect, it } from 'vitest';
import { uuidv7 } from '../../kernel/ids.ts';
import { respell } from '../../testing/respell.ts';
import { tokenSettings as settings } from '../../testing/settings.ts';
import { invitationOfToken, makeInvitationToken, provesInvitation } from './invitation.token.ts';

it('a token of an invitation is taken back as it was sent, and in no other spelling', () => {
  for (let index = 0; index < 20; index += 1) {
    const offer = { id: uuidv7(), emailKey: 'ada@example.com', expiresAt: '2026-03-01T12:00:00.000Z' };
    const token = makeInvitationToken(settings, offer);
    const signature = token.slice(token.indexOf('.') + 1);
    const proves = (text: string) => invitationOfToken(text) === offer.id && provesInvitation(settings, text, offer);
    expect(proves(token)).toBe(true);
    expect(respell(signature).filter((other) => proves(`${offer.id}.${other}`))).toEqual([]);
  }
});
