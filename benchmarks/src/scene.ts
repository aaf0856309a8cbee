import type { Rows } from './rows.ts';

/** A user who sends requests. */
export interface Person {
  email: string;
  userId: string;
  organizationId: string;
  token: string;
}

/** What requests in one organization can name. */
export interface Organization {
  people: Person[];
  memberIds: string[];
  tagIds: string[];
  taskIds: string[];
  /** The project that has some of the tasks. Null unless boards are measured. */
  projectId: string | null;
  /** When the newest of the seeded tasks was created. */
  seededUntil: string;
}

interface MemberRow {
  organization_id: string;
  user_id: string;
  email: string;
  role: string;
}

const writers = new Set(['owner', 'admin', 'manager', 'member']);

const group = <Row extends { organization_id: string }>(rows: readonly Row[]) => {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const found = groups.get(row.organization_id);
    if (found) found.push(row);
    else groups.set(row.organization_id, [row]);
  }
  return groups;
};

/** Reads the organizations, and signs in all users who may write. */
export async function readScene(rows: Rows, signIn: (email: string) => Promise<string>): Promise<Organization[]> {
  const members = group(
    await rows.all<MemberRow>(
      `select m.organization_id, m.user_id, u.email, r.key as role
       from memberships m join users u on u.id = m.user_id
       join role_assignments a on a.organization_id = m.organization_id and a.user_id = m.user_id
       join roles r on r.organization_id = a.organization_id and r.id = a.role_id
       where m.status = 'active' order by m.organization_id, u.email`,
    ),
  );
  const tags = group(await rows.all<IdRow>('select organization_id, id from tags order by id'));
  const tasks = group(
    await rows.all<IdRow>('select organization_id, id from tasks where deleted_at is null order by id'),
  );
  const projects = group(await rows.all<IdRow>('select organization_id, id from projects'));
  const newest = group(
    await rows.all<{ organization_id: string; at: number | Date }>(
      'select organization_id, max(created_at) as at from tasks group by organization_id',
    ),
  );
  return Promise.all(
    [...members].map(async ([organizationId, found]) => ({
      people: await Promise.all(
        found
          .filter(({ role }) => writers.has(role))
          .map(async ({ email, user_id }) => ({ email, userId: user_id, organizationId, token: await signIn(email) })),
      ),
      memberIds: found.map((member) => member.user_id),
      tagIds: (tags.get(organizationId) ?? []).map((row) => row.id),
      taskIds: (tasks.get(organizationId) ?? []).map((row) => row.id),
      projectId: projects.get(organizationId)?.[0]?.id ?? null,
      seededUntil: new Date(newest.get(organizationId)?.[0]?.at ?? 0).toISOString(),
    })),
  );
}

interface IdRow {
  organization_id: string;
  id: string;
}
