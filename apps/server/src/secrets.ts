import { resealSecrets } from '@tenon/core';
import type { Settings } from './settings.ts';
import { withPlatform } from './with-platform.ts';

/** How many secrets that cannot be opened are listed. */
const mostLines = 20;

/**
 * Encrypts every secret in the database again, under the first encryption key, so that the other keys can be removed.
 * @returns whether all secrets could be opened
 */
export async function rotateSecrets(settings: Settings, say: (line: string) => void): Promise<boolean> {
  const { resealed, unreadable } = await withPlatform(settings, (platform) =>
    resealSecrets(platform.context({ principal: null })),
  );
  say(`${resealed} secrets sealed under the first key.`);
  if (unreadable.length === 0) return true;
  say(`${unreadable.length} could not be opened and stay as they are:`);
  for (const line of unreadable.slice(0, mostLines)) say(`  ${line}`);
  if (unreadable.length > mostLines) say(`  and ${unreadable.length - mostLines} more`);
  return false;
}
