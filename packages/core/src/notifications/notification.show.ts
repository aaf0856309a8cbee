import type { ServiceContext } from '../database/context.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { anyOf } from '../database/sql.ts';
import { statement } from '../database/statement.ts';
import type { Person } from '../kernel/schemas.ts';
import { memberPrincipal, organizationsNamed } from '../tenancy/index.ts';
import { readTaskRefs, visibleComments } from '../work/index.ts';
import type { Notification } from './notification.schema.ts';
import type { NotificationType } from './notification.types.ts';
import { recipient } from './recipient.ts';

/** A notification as it is stored. */
export interface NotificationRow {
  id: string;
  organizationId: string;
  type: NotificationType;
  actorId: string | null;
  entityType: string;
  entityId: string;
  taskId: string | null;
  commentId: string | null;
  details: Record<string, unknown>;
  readAt: string | null;
  deliveredAt: string | null;
  createdAt: string;
}

interface Ids extends Readonly<Record<string, unknown>> {
  ids: readonly string[];
}

const peopleNamed = statement((db, { ids }: Ids, dialect) =>
  db
    .selectFrom('users')
    .select(['users.id', 'users.username', 'users.full_name as fullName'])
    .where(anyOf(dialect, 'users.id', ids)),
);

interface Told {
  actor: string;
  title: string;
  organization: string;
  details: Record<string, unknown>;
}

/** The text that a person reads. */
const messages: Readonly<Record<NotificationType, (told: Told) => string>> = {
  'task.assigned': ({ actor, title }) => `${actor} assigned ${title} to you`,
  'task.mentioned': ({ actor, title }) => `${actor} mentioned you in a comment on ${title}`,
  'task.commented': ({ actor, title }) => `${actor} commented on ${title}`,
  'task.status_changed': ({ actor, title, details: { from, to } }) =>
    `${actor} moved ${title} from ${String(from)} to ${String(to)}`,
  'task.due_soon': ({ title }) => `${title} is due within a day`,
  'task.overdue': ({ title }) => `${title} is overdue`,
  'invitation.received': ({ actor, organization }) => `${actor} invited you to ${organization}`,
  'webhook.disabled': ({ details: { host } }) => `The webhook to ${String(host)} was disabled`,
};

const hiddenMessage = 'You no longer see what this was about';

/** Reads the tasks and people of the notifications of one organization, if their owner sees them. */
async function see(db: ReadDoor, rows: readonly NotificationRow[]) {
  const actorIds = [...new Set(rows.flatMap(({ actorId }) => actorId ?? []))];
  const [tasks, comments, people] = [
    await readTaskRefs(db, [...new Set(rows.flatMap(({ taskId }) => taskId ?? []))]),
    await visibleComments(db, [...new Set(rows.flatMap(({ commentId }) => commentId ?? []))]),
    actorIds.length > 0 ? await db.run(peopleNamed, { ids: actorIds }) : [],
  ];
  return { tasks, comments, people: new Map<string, Person>(people.map((person) => [person.id, person])) };
}

/** Shows the notifications of a user in their order. It does not name things that the user no longer sees. */
export async function showNotifications(
  ctx: ServiceContext,
  userId: string,
  rows: readonly NotificationRow[],
): Promise<Notification[]> {
  if (rows.length === 0) return [];
  const byOrganization = Map.groupBy(rows, ({ organizationId }) => organizationId);
  const names = await organizationsNamed(ctx.database, [...byOrganization.keys()]);
  const seen = new Map<string, Awaited<ReturnType<typeof see>>>();
  for (const [organizationId, some] of byOrganization) {
    const member = await memberPrincipal(ctx, { userId, organizationId });
    const principal = member ?? recipient(userId, organizationId);
    seen.set(organizationId, await read({ ...ctx, principal }, (db) => see(db, some)));
  }
  return rows.flatMap(({ organizationId, actorId, entityType, entityId, taskId, commentId, details, type, ...row }) => {
    const organization = names.get(organizationId);
    const found = seen.get(organizationId);
    if (!organization || !found) return [];
    const task = taskId === null ? null : (found.tasks.get(taskId) ?? null);
    const isVisible = (taskId === null || task !== null) && (commentId === null || found.comments.has(commentId));
    const actor =
      actorId === null || !isVisible
        ? null
        : (found.people.get(actorId) ?? { id: actorId, username: null, fullName: null });
    const called = actor?.fullName ?? actor?.username ?? 'Somebody';
    const told = { actor: called, title: task?.title ?? '', organization: organization.name, details };
    return [
      {
        id: row.id,
        type,
        organization,
        entity: { type: entityType, id: entityId },
        task: isVisible ? task : null,
        commentId,
        actor,
        message: isVisible ? messages[type](told) : hiddenMessage,
        readAt: row.readAt,
        deliveredAt: row.deliveredAt,
        createdAt: row.createdAt,
      },
    ];
  });
}
