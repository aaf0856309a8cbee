import { sql } from 'kysely';
import type { Unit } from '../database/unit-of-work.ts';
import { mailJob } from '../identity/index.ts';
import { enqueue, type JobRun, stepRows } from '../jobs/index.ts';

/**
 * Starts a mail for each person with due notifications: daily mails, and mails that have waited for the end of quiet hours. The unit must
 * be behind the system door.
 * @returns the number of notifications in the mails, or null when none was left
 */
async function mailSome(unit: Unit): Promise<number | null> {
  const { db, now } = unit;
  const due = await db
    .updateTable('notifications')
    .set({ mail_at: null })
    .where((where) => {
      const some = where
        .selectFrom('notifications as due')
        .select(['due.user_id', 'due.id'])
        .where(sql<boolean>`due.mail_at <= ${now}`)
        .orderBy('due.mail_at')
        .orderBy('due.user_id')
        .limit(stepRows);
      const key = where.refTuple('notifications.user_id', 'notifications.id');
      return where(key, 'in', some.$asTuple('user_id', 'id'));
    })
    .returning(['notifications.user_id as userId', 'notifications.id'])
    .execute();
  for (const [userId, theirs] of Map.groupBy(due, (row) => row.userId))
    await enqueue(unit, mailJob, { template: 'notifications', userId, ids: theirs.map(({ id }) => id).sort() });
  return due.length || null;
}

export const sendDueMails = async (job: JobRun): Promise<{ notifications: number }> => ({
  notifications: await job.steps(mailSome),
});
