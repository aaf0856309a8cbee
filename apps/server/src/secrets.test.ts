import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPlatform, disableTotp } from '@tenon/core';
import { createOrganization, createTestDatabase, dialects, enrolTotp } from '@tenon/core/testing';
import { afterEach, expect, it } from 'vitest';
import { rotateSecrets } from './secrets.ts';
import { readSettings, type Settings } from './settings.ts';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const newKey = () => randomBytes(32).toString('base64');

it.each(dialects)('on %s every secret is encrypted under the first key, and opens with it alone', async (dialect) => {
  const directory = mkdtempSync(join(tmpdir(), 'tenon-secrets-'));
  const database = await createTestDatabase(dialect);
  cleanups.push(
    () => rmSync(directory, { recursive: true, force: true }),
    () => database.drop(),
  );
  const under = (...keys: string[]): Settings =>
    readSettings({ DATA_DIR: directory, DATABASE_URL: database.url, ENCRYPTION_KEY: keys.join(',') });
  const rotated = async (settings: Settings) => {
    const said: string[] = [];
    const whole = await rotateSecrets(settings, (line) => void said.push(line));
    return { whole, said };
  };
  const [older, newer] = [newKey(), newKey()];

  const before = await createPlatform(under(older));
  const organization = await createOrganization(before);
  const people = [organization.owner, await organization.addMember('member'), await organization.addMember('member')];
  const apps = await Promise.all(people.map(({ userId }) => enrolTotp(before, userId)));
  await before.close();

  const lost = await rotated(under(newer));
  expect(lost.whole).toBe(false);
  expect(lost.said.slice(0, 2)).toEqual([
    '0 secrets sealed under the first key.',
    '3 could not be opened and stay as they are:',
  ]);
  expect(await rotated(under(newer, older))).toEqual({ whole: true, said: ['3 secrets sealed under the first key.'] });
  expect(await rotated(under(newer))).toEqual({ whole: true, said: ['0 secrets sealed under the first key.'] });

  const after = await createPlatform(under(newer));
  cleanups.unshift(() => after.close());
  for (const [index, { principal }] of people.entries()) {
    const ctx = after.context({ principal: { ...principal, organizationId: null, grants: [] } });
    await disableTotp(ctx, { code: apps[index]?.code() ?? '' });
  }
});
