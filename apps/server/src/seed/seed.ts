import {
  addTeamMember,
  createDepartment,
  createPlatform,
  createTag,
  createTask,
  createTeam,
  migrate,
  type Platform,
  setOrganizationTier,
  type Tag,
  type TaskCreate,
  taskPriorities,
  type TaskStatus,
} from '@tenon/core';
import type { Settings } from '../settings.ts';
import { inOneTransaction } from './batch.ts';
import { type Actor, createMembers, createOwner } from './people.ts';
import { Random } from './random.ts';
import { companyName, departments, personName, tags as vocabulary, taskDescription, taskTitle } from './vocabulary.ts';

export interface SeedOptions {
  /** In all organizations together. */
  tasks: number;
  organizations: number;
  /** The same seed makes the same tasks. */
  seed: number;
  say(line: string): void;
}

const dayMs = 86_400_000;
/** The age of the oldest task, in days. */
const historyDays = 180;
/** How many organizations are filled at once. Tasks of one organization wait for each other's number. */
const atOnce = 8;
/** How many tasks one transaction creates. */
const batchSize = 100;
const password = 'seeded-maple-lantern-42';
const roles = ['admin', 'manager', 'member', 'viewer'] as const;

const statusShares: readonly (readonly [TaskStatus, number])[] = [
  ['todo', 0.4],
  ['in_progress', 0.2],
  ['in_review', 0.1],
  ['done', 0.25],
  ['archived', 0.05],
];

function pickStatus(random: Random): TaskStatus {
  let left = random.next();
  for (const [status, share] of statusShares) if ((left -= share) < 0) return status;
  return 'todo';
}

/** A number of hours, in quarters of an hour. */
const hours = (random: Random): number => (1 + random.below(64)) / 4;

/** What the tasks of one organization refer to. */
interface Surroundings {
  members: readonly Actor[];
  tags: readonly Tag[];
  teamIds: readonly string[];
}

function madeUpTask(random: Random, at: Date, { members, tags, teamIds }: Surroundings): TaskCreate {
  const status = pickStatus(random);
  return {
    title: taskTitle(random),
    ...(random.chance(0.5) ? { description: taskDescription(random) } : {}),
    status,
    priority: random.pick(taskPriorities),
    ...(random.chance(0.7) ? { dueDate: new Date(at.getTime() + random.below(60) * dayMs).toISOString() } : {}),
    ...(random.chance(0.5) ? { estimatedHours: hours(random) } : {}),
    ...(status === 'done' ? { actualHours: hours(random) } : {}),
    ...(random.chance(0.8) ? { teamId: random.pick(teamIds) } : {}),
    assigneeIds: [random.pick(members).userId],
    tagIds: random.some(tags, 2).map((tag) => tag.id),
  };
}

/** Creates departments below a common one, a team in each, and puts everybody into one team. Returns the ids of the teams. */
async function createTeams(owner: Actor, members: readonly Actor[]): Promise<string[]> {
  const teamIds: string[] = [];
  let parentId: string | null = null;
  for (const [name, team] of departments) {
    const { id: departmentId } = await createDepartment(owner.ctx(), { name, parentId });
    parentId ??= departmentId;
    teamIds.push((await createTeam(owner.ctx(), { name: team, departmentId })).id);
  }
  for (const [index, { userId }] of members.entries())
    await addTeamMember(owner.ctx(), { id: teamIds[index % teamIds.length] ?? '', userId });
  return teamIds;
}

async function fill(
  platform: Platform,
  index: number,
  tasks: number,
  options: SeedOptions,
  done: (count: number) => void,
): Promise<string> {
  // Each organization has its own generator, so that its tasks do not depend on which organization is filled first.
  const random = new Random(options.seed * 7919 + index);
  const name = companyName(index);
  const domain = `${name.toLowerCase().replaceAll(' ', '-')}-${options.seed}-${index + 1}.example`;
  const email = `owner@${domain}`;
  const owner = await createOwner(platform, { email, fullName: personName(random), password }, name);
  // No tier may limit what was asked for.
  await setOrganizationTier(platform.context({ principal: null }), {
    organization: owner.organizationId,
    tier: 'enterprise',
  });
  const members = await createMembers(
    platform,
    owner,
    roles.map((role) => ({ email: `${role}@${domain}`, fullName: personName(random), password, role })),
  );
  const tags: Tag[] = [];
  for (const [tag, color] of vocabulary) tags.push(await createTag(owner.ctx(), { name: tag, color }));

  // Viewers are assigned tasks like everybody else, but create none.
  const everybody = [owner, ...members];
  const teamIds = await createTeams(owner, everybody);
  const authors = [owner, ...members.slice(0, 3)];
  const begin = platform.clock.now().getTime() - historyDays * dayMs;
  const created = (number: number) =>
    new Date(begin + Math.floor(((number + random.next()) / tasks) * historyDays * dayMs));
  for (let first = 0; first < tasks; first += batchSize) {
    const actor = random.pick(authors);
    const size = Math.min(batchSize, tasks - first);
    await inOneTransaction(actor.ctx(), async (join) => {
      for (let number = first; number < first + size; number++) {
        const at = created(number);
        await createTask(join(actor.ctx(at)), madeUpTask(random, at, { members: everybody, tags, teamIds }));
      }
    });
    done(size);
  }
  return email;
}

/**
 * Fills the database with made-up organizations. Each has an owner, four members, three departments with a team each, ten tags,
 * and its share of the tasks. Tasks have an assignee and two tags each, most have a team, and the oldest are half a year old.
 * Everything goes through core's services, so events, search words and numbers exist too.
 */
export async function seed(settings: Settings, options: SeedOptions): Promise<void> {
  if (settings.production)
    throw new Error('Seeding is refused in production: everybody who is made up has a known password.');
  const { databaseUrl: url, migrationUrl } = settings;
  await migrate({ url, ...(migrationUrl === null ? {} : { migrationUrl }) });
  const platform = await createPlatform(settings);
  const started = performance.now();
  let count = 0;
  let said = 0;
  const done = (more: number): void => {
    count += more;
    if (count < said + 2500) return;
    said = count;
    options.say(`${count} of ${options.tasks} tasks`);
  };
  try {
    const owners: string[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < options.organizations; index = next++) {
        const share =
          Math.floor(((index + 1) * options.tasks) / options.organizations) -
          Math.floor((index * options.tasks) / options.organizations);
        owners[index] = await fill(platform, index, share, options, done);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, options.organizations) }, worker));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    options.say(`${count} tasks in ${owners.length} organizations in ${seconds} s`);
    options.say(`Owners: ${owners.join(', ')}`);
    options.say(`Password of everybody: ${password}`);
  } finally {
    await platform.close();
  }
}
