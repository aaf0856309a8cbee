import type { Connection } from './engine.ts';
import { isAborted } from './failures.ts';

/** Takes statements that need not be answered before `commit`. Each must already be sent, and only the database may refuse it. */
export type Later = (...written: readonly Promise<unknown>[]) => void;

/**
 * Runs the work of a transaction. On PostgreSQL, `commit` is sent together with the last statements. When a statement fails, all later ones
 * fail too and `commit` rolls back. The error of the first one is thrown.
 */
export async function sendingTogether<T>(
  connection: Pick<Connection, 'sendCommit'>,
  work: (later: Later) => Promise<T>,
): Promise<T> {
  const sent: Promise<unknown>[] = [];
  const later: Later = (...written) => {
    for (const one of written) one.catch(() => {});
    sent.push(...written);
  };
  const refuseFailed = async () => {
    const outcomes = await Promise.allSettled(sent);
    const failures = outcomes.flatMap((outcome): unknown[] => (outcome.status === 'rejected' ? [outcome.reason] : []));
    if (failures.length > 0) throw failures.find((failure) => !isAborted(failure)) ?? failures[0];
  };
  try {
    const result = await work(later);
    if (sent.length > 0) connection.sendCommit?.();
    return result;
  } finally {
    await refuseFailed();
  }
}
