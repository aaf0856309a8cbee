import type { Platform, PlatformSettings } from '@tenon/core';
import { createMembers, createOwner } from '../seed/people.ts';
import { withPlatform } from '../with-platform.ts';
import { addressOf, demoLogin, newPassword } from './account.ts';
import { company, people } from './story.ts';
import { tellStory } from './tell.ts';

/**
 * Fills a fresh installation with a small organization, whose people have worked for a few weeks. It opens the database for itself and
 * finishes its own jobs, so that none of them is in the log of the server, after the text that says how to sign in.
 * @returns the password of the demo user
 */
export const createDemo = (settings: PlatformSettings): Promise<string> =>
  withPlatform(settings, async (platform) => {
    const password = newPassword();
    await fill(platform, password);
    await platform.runDueJobs();
    return password;
  });

async function fill(platform: Platform, password: string): Promise<void> {
  const { demo, ...others } = people;
  const owner = await createOwner(
    platform,
    { email: demoLogin, username: 'demo', fullName: demo.fullName, password },
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
}
