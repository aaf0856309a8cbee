import { createPlatform, resealSecrets } from '@tenon/core';
import type { Settings } from './settings.ts';

/** More lines than this help nobody. */
const mostLines = 20;

/**
 * Seals every secret in the database under the first encryption key, so that the others can go.
 * @returns whether all of them could be opened
 */
export async function rotateSecrets(settings: Settings, say: (line: string) => void): Promise<boolean> {
  const platform = await createPlatform(settings);
  try {
    const { resealed, unreadable } = await resealSecrets(platform.context({ principal: null }));
    say(`${resealed} secrets sealed under the first key.`);
    if (unreadable.length === 0) return true;
    say(`${unreadable.length} could not be opened and stay as they are:`);
    for (const line of unreadable.slice(0, mostLines)) say(`  ${line}`);
    if (unreadable.length > mostLines) say(`  and ${unreadable.length - mostLines} more`);
    return false;
  } finally {
    await platform.close();
  }
}
