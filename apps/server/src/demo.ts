import { randomInt } from 'node:crypto';
import {
  addDepartmentMember,
  addTeamMember,
  createComment,
  createDepartment,
  createTag,
  createTask,
  createTeam,
  type Platform,
  type TaskCreate,
} from '@tenon/core';
import { type Actor, createMembers, createOwner } from './seed/people.ts';

const letters = 'abcdefghjkmnpqrstuvwxyz23456789';

/** About 80 random bits, in characters that are easy to type. */
const newPassword = (): string =>
  Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('')).join(
    '-',
  );

const dayMs = 86_400_000;

interface DemoTask extends Omit<TaskCreate, 'dueDate' | 'assigneeIds' | 'tagIds' | 'teamId'> {
  dueInDays?: number;
  team: keyof typeof teams;
  tags: readonly string[];
  /** Indexes into the list of people; 0 is the owner. */
  assignees: readonly number[];
  comment?: string;
}

/** The teams of the only department. `members` are indexes into the list of people. */
const teams = { shop: { name: 'Web shop', members: [0, 1] }, office: { name: 'Back office', members: [1, 2] } };

const tags = { launch: '#3a7bd5', customer: '#e0912f', bug: '#d64545', finance: '#2e8b57' };

const tasks: readonly DemoTask[] = [
  {
    title: 'Publish the spring price list',
    description: 'Sales has confirmed the numbers. Replace the PDF on the website and tell the resellers.',
    status: 'in_progress',
    team: 'shop',
    priority: 'high',
    dueInDays: 3,
    estimatedHours: 4,
    tags: ['launch', 'finance'],
    assignees: [0],
    comment: 'The resellers asked for a week of notice, so Thursday is the latest.',
  },
  {
    title: 'Customers in Norway cannot pay by card',
    description: 'Since Monday the checkout answers "amount too small" for prices in NOK.',
    status: 'in_review',
    team: 'shop',
    priority: 'critical',
    dueInDays: 1,
    estimatedHours: 6,
    tags: ['bug', 'customer'],
    assignees: [1, 0],
    comment: 'Found it: the amount was rounded to whole kroner before it became øre.',
  },
  {
    title: 'Prepare the onboarding of Fjordline Hotels',
    status: 'todo',
    team: 'office',
    priority: 'medium',
    dueInDays: 10,
    estimatedHours: 12,
    tags: ['customer'],
    assignees: [2],
  },
  {
    title: 'Renew the domain and the certificates',
    status: 'todo',
    team: 'shop',
    priority: 'urgent',
    dueInDays: -1,
    tags: [],
    assignees: [1],
  },
  {
    title: 'Send the February invoices',
    status: 'done',
    team: 'office',
    priority: 'medium',
    estimatedHours: 2,
    actualHours: 1.5,
    tags: ['finance'],
    assignees: [2],
  },
];

/** Creates a department with everybody in it, led by the manager, and its teams. Returns the teams' ids by their keys. */
async function createTeams(owner: Actor, people: readonly Actor[]): Promise<ReadonlyMap<string, string>> {
  const [, manager] = people;
  const { id: departmentId } = await createDepartment(owner.ctx(), {
    name: 'Operations',
    description: 'Everything between the order and the parcel.',
    headUserId: manager?.userId ?? null,
  });
  for (const { userId } of people) await addDepartmentMember(owner.ctx(), { id: departmentId, userId });
  const ids = new Map<string, string>();
  for (const [key, { name, members }] of Object.entries(teams)) {
    const { id } = await createTeam(owner.ctx(), { name, departmentId });
    for (const place of members) {
      const member = people[place];
      if (member) await addTeamMember(owner.ctx(), { id, userId: member.userId });
    }
    ids.set(key, id);
  }
  return ids;
}

async function createWork(platform: Platform, people: readonly Actor[]): Promise<void> {
  const [owner] = people;
  if (!owner) throw new Error('The demo needs at least one person.');
  const tagIds = new Map<string, string>();
  for (const [name, color] of Object.entries(tags))
    tagIds.set(name, (await createTag(owner.ctx(), { name, color })).id);
  const teamIds = await createTeams(owner, people);
  for (const { dueInDays, tags: names, assignees, comment, team, ...task } of tasks) {
    const dueDate = dueInDays === undefined ? null : new Date(platform.clock.now().getTime() + dueInDays * dayMs);
    const { id } = await createTask(owner.ctx(), {
      ...task,
      dueDate: dueDate?.toISOString() ?? null,
      teamId: teamIds.get(team) ?? null,
      tagIds: names.flatMap((name) => tagIds.get(name) ?? []),
      assigneeIds: assignees.flatMap((place) => people[place]?.userId ?? []),
    });
    const author = people[assignees[0] ?? 0];
    if (comment !== undefined && author) await createComment(author.ctx(), { id, body: comment });
  }
}

const welcomeText = (url: string, login: string, password: string): string => `
  Tenon is running, with a demo organization to try it on.

    URL        ${url}
    API docs   ${url}/docs
    Login      ${login}
    Password   ${password}

  The password is shown this once.

`;

/**
 * Fills a fresh installation with a small organization and its tasks.
 *
 * @returns the text to print: where the server listens and how to sign in
 */
export async function createDemo(platform: Platform, url: string): Promise<string> {
  const login = 'demo@example.com';
  const password = newPassword();
  const owner = await createOwner(
    platform,
    { email: login, username: 'demo', fullName: 'Robin Berg', password },
    'Berg Outdoor',
  );
  const members = await createMembers(platform, owner, [
    { email: 'ines@example.com', username: 'ines', fullName: 'Ines Moreau', password: newPassword(), role: 'manager' },
    { email: 'jonas@example.com', username: 'jonas', fullName: 'Jonas Weber', password: newPassword(), role: 'member' },
  ]);
  await createWork(platform, [owner, ...members]);
  return welcomeText(url, login, password);
}
