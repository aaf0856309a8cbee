/** How many rows of each kind the large organization has. */
export interface Size {
  tasks: number;
  members: number;
  projects: number;
  jobs: number;
}

const audit = 'version, created_at, created_by_id, updated_at, updated_by_id';

/** How many tasks have a rare value, as in the seed. */
const rare = 20;

/** How many files a task has that has more than a page of them. */
const manyFiles = 150;

/**
 * Returns the statements that add what the seed does not make: comments, files, watchers, dependencies and notifications. Both databases
 * understand them. Services would take an hour for so many rows.
 * @param owner the e-mail address of the owner of the large organization
 */
export function moreRows(owner: string, { tasks }: Size): readonly string[] {
  const userOf = (email: string) => `(select id from users where email_key = '${email}')`;
  const ownerId = userOf(owner);
  const viewerId = userOf(owner.replace('owner@', 'viewer@'));
  const organizationId = `(select organization_id from memberships where user_id = ${ownerId})`;
  const living = `organization_id = ${organizationId} and deleted_at is null`;
  const everyRare = tasks / rare;
  return [
    `insert into comments (organization_id, id, task_id, body, mention_ids, ${audit})
     select organization_id, id, id, 'The first remark', '[]', ${audit} from tasks where ${living} and number % 10 = 1`,
    `insert into attachments (organization_id, id, task_id, file_name, media_type, size, sha256, ${audit})
     select organization_id, id, id, 'plan.pdf', 'application/pdf', 1000, 'none', ${audit} from tasks
     where ${living} and number % 20 = 2`,
    `insert into attachments (organization_id, id, task_id, file_name, media_type, size, sha256, ${audit})
     select organization_id, id, (select id from tasks where organization_id = ${organizationId} and number = 2),
       'plan.pdf', 'application/pdf', 1000, 'none', ${audit} from tasks
     where ${living} and number % 20 = 3 and number <= ${20 * manyFiles}`,
    `insert into task_watchers (organization_id, task_id, user_id, reason, muted, added_at, added_by_id)
     select organization_id, id, ${ownerId}, 'commenter', number % 20 = 4, created_at, ${ownerId} from tasks
     where ${living} and number % 10 = 4`,
    `insert into task_watchers (organization_id, task_id, user_id, reason, muted, added_at, added_by_id)
     select organization_id, id, ${viewerId}, 'self', false, created_at, ${viewerId} from tasks
     where ${living} and number % ${everyRare} = 5`,
    // Tasks that wait for another one, which is usually finished.
    `insert into task_dependencies (organization_id, task_id, blocker_id, is_open)
     select waiting.organization_id, waiting.id, blocker.id, blocker.status_rank < 3 from tasks waiting
     join tasks blocker on blocker.organization_id = waiting.organization_id and blocker.number = waiting.number - 1
     where waiting.organization_id = ${organizationId} and waiting.deleted_at is null and waiting.number % 10 = 6
       and (blocker.status_rank >= 3 or waiting.number % ${everyRare} = 6)`,
    `update tasks set is_linked = true where organization_id = ${organizationId} and id in (
       select task_id from task_watchers union select task_id from task_dependencies
       union select blocker_id from task_dependencies)`,
    `insert into notifications (user_id, id, organization_id, type, news_key, actor_id, entity_type, entity_id, task_id,
       details, in_app, read_at, delivered_at, created_at)
     select ${ownerId}, id, organization_id,
       case when number % ${everyRare} = 7 then 'task.mentioned' else 'task.assigned' end, 'seeded ' || number,
       created_by_id, 'task', id, id, '{}', true,
       case when number % 20 = 7 then null else created_at end, created_at, created_at from tasks
     where ${living} and number % 10 = 7`,
  ];
}
