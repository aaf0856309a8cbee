import type { Connection } from './engine.ts';
import { isAborted } from './failures.ts';

/** Leaves statements to themselves: `commit` is sent without awaiting them. Each must have been sent, and fail only by the database. */
export type Later = (...written: readonly Promise<unknown>[]) => void;

/**
 * Runs the work of a transaction, and sends `commit` with its last statements where the database can do that. When a statement
 * failed, every later one fails too, `commit` rolls back, and the error of the first is thrown.
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
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
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
