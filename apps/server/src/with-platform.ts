import type { Platform, PlatformSettings } from '@tenon/core';

/** Runs the work of a command on a platform of its own, which it closes afterwards. Core is imported when it is needed. */
export async function withPlatform<Result>(
  settings: PlatformSettings,
  work: (platform: Platform) => Promise<Result>,
): Promise<Result> {
  const { createPlatform } = await import('@tenon/core');
  const platform = await createPlatform(settings);
  try {
    return await work(platform);
  } finally {
    await platform.close();
  }
}
