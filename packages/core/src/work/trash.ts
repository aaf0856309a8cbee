const trashMs = 30 * 86_400_000;

/** Since when things have been in the trash that can still be restored. Older ones are purged within the hour. */
export const keptSince = (now: Date): Date => new Date(now.getTime() - trashMs);
