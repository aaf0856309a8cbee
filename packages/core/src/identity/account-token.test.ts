import { expect, it } from 'vitest';
import { uuidv7 } from '../kernel/ids.ts';
import { respell } from '../testing/respell.ts';
import { tokenSettings as settings } from '../testing/settings.ts';
import { makeAccountToken, provesAccount, readAccountToken } from './account-token.ts';

const now = new Date('2026-03-01T12:00:00.000Z');

it('a token of a mail is taken back as it was sent, and in no other spelling', () => {
  for (let index = 0; index < 20; index += 1) {
    const subject = { id: uuidv7(), boundTo: ['ada@example.com'] };
    const token = makeAccountToken(settings, 'verify-email', subject, new Date(now.getTime() + 60_000));
    const proves = (text: string) => {
      try {
        return provesAccount(settings, 'verify-email', readAccountToken(text), subject, now);
      } catch {
        return false;
      }
    };
    const [id = '', end = '', signature = ''] = token.split('.');
    const others = [
      ...respell(signature).map((other) => `${id}.${end}.${other}`),
      ...[`${end}!`, `+${end}`, `0${end}`, ` ${end}`, end.toUpperCase(), `${end}.0`].map((other) =>
        [id, other, signature].join('.'),
      ),
    ];
    expect(proves(token)).toBe(true);
    expect(others.filter(proves)).toEqual([]);
  }
});

it('a token is refused if its id is not a UUID, even if it is signed', () => {
  const subject = { id: 'ada', boundTo: [] };
  const token = makeAccountToken(settings, 'verify-email', subject, new Date(now.getTime() + 60_000));
  expect(() => readAccountToken(token)).toThrow(expect.objectContaining({ code: 'validation_failed' }));
});
