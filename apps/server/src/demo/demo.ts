import { randomInt } from 'node:crypto';
import type { Platform } from '@tenon/core';
import { createMembers, createOwner } from '../seed/people.ts';
import { company, people } from './story.ts';
import { tellStory } from './tell.ts';

const letters = 'abcdefghjkmnpqrstuvwxyz23456789';

/** About 80 random bits, in characters that are easy to type. */
const newPassword = (): string =>
  Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('')).join(
    '-',
  );

const welcomeText = (url: string, login: string, password: string): string => `
  Tenon is running, with a demo organization to try it on.

    URL        ${url}
    API docs   ${url}/docs
    Login      ${login}
    Password   ${password}

  The password is shown this once.

`;

const addressOf = (username: string): string => `${username}@example.com`;

/**
 * Fills a fresh installation with a small organization, whose people have worked for a few weeks.
 *
 * @returns the text to print: where the server listens and how to sign in
 */
export async function createDemo(platform: Platform, url: string): Promise<string> {
  const password = newPassword();
  const { demo, ...others } = people;
  const owner = await createOwner(
    platform,
    { email: addressOf('demo'), username: 'demo', fullName: demo.fullName, password },
    company,
  );
  const members = await createMembers(
    platform,
    owner,
    Object.entries(others).map(([username, person]) => ({
      ...person,
      email: addressOf(username),
      username,
      password: newPassword(),
    })),
  );
  const [ines, jonas, lena, omar] = members;
  if (!ines || !jonas || !lena || !omar) throw new Error('Somebody is missing in the demo organization.');
  await tellStory({ demo: owner, ines, jonas, lena, omar }, platform.clock.now());
  return welcomeText(url, addressOf('demo'), password);
}
