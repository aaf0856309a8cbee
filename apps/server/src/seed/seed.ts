import {
  addTeamMember,
  createDepartment,
  createPlatform,
  createTag,
  createTask,
  createTeam,
  listRoles,
  migrate,
  type Platform,
  refreshStatistics,
  setOrganizationTier,
  type Tag,
} from '@tenon/core';
import type { Settings } from '../settings.ts';
import { inOneTransaction } from './batch.ts';
import { addManyMembers, addManyTasks, type How } from './fast.ts';
import { type Actor, createMembers, createOwner } from './people.ts';
import { Random } from './random.ts';
import { historyOf, madeUpTask, type Surroundings } from './task.ts';
import { companyName, departments, personName, tags as vocabulary } from './vocabulary.ts';

export interface SeedOptions {
  /** In all organizations together. */
  tasks: number;
  organizations: number;
  /** How many members each organization has, with the owner. At least 5; more than 5 only with `fast`. @default 5 */
  members?: number;
  /** The same seed makes the same tasks. */
  seed: number;
  /** Whether rows are added by large statements instead of one call of a service for each task. @default false */
  fast?: boolean;
  say(line: string): void;
}

/** How many organizations are filled at once. Tasks of one organization wait for each other's number. */
const atOnce = 8;
/** How many tasks one transaction creates. */
const batchSize = 100;
const password = 'seeded-maple-lantern-42';
const roles = ['admin', 'manager', 'member', 'viewer'] as const;

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

/** Creates tasks one by one, by the service. */
async function createTasks(
  around: Surroundings & { authors: readonly Actor[] },
  tasks: number,
  { random, now, done }: How,
): Promise<void> {
  const created = historyOf(random, tasks, now);
  for (let first = 0; first < tasks; first += batchSize) {
    const actor = random.pick(around.authors);
    const size = Math.min(batchSize, tasks - first);
    await inOneTransaction(actor.ctx(), async (join) => {
      for (let number = first; number < first + size; number++) {
        const at = created(number);
        await createTask(join(actor.ctx(at)), madeUpTask(random, at, around));
      }
    });
    done(size);
  }
}

async function fill(
  platform: Platform,
  index: number,
  tasks: number,
  options: SeedOptions,
  { done, grown }: Pick<How, 'done' | 'grown'>,
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

  const everybody = [owner, ...members];
  const teamIds = await createTeams(owner, everybody);
  const how = { random, now: platform.clock.now(), done, grown };
  if (!options.fast) {
    // Viewers are assigned tasks as everybody else is, but create none.
    const authors = [owner, ...members.slice(0, 3)];
    await createTasks({ authors, members: everybody, tags, teamIds }, tasks, how);
    return email;
  }
  const [admin, manager, member, viewer] = members;
  const { data } = await listRoles(owner.ctx(), { limit: 100, total: false, sort: '-createdAt' });
  const role = data.find(({ key }) => key === 'member');
  if (!admin || !manager || !member || !viewer || !role) throw new Error('A role is missing, or has no member.');
  const more = Math.max(0, (options.members ?? 0) - everybody.length);
  const crowd = await addManyMembers({ owner, teamIds, role, domain, password }, more, how);
  const usual = { owner, authors: [owner, admin, manager], members: [owner, admin, manager, member, ...crowd] };
  await addManyTasks({ ...usual, rareAuthor: member, rareAssignee: viewer, tags, teamIds }, tasks, how);
  return email;
}

/**
 * Fills the database with made-up organizations. Each has an owner, four members, three departments with a team each, ten tags,
 * and its share of the tasks. Tasks have an assignee and two tags each, most have a team, and the oldest are half a year old.
 * Everything goes through core, so events, search words and numbers exist too.
 */
export async function seed(settings: Settings, options: SeedOptions): Promise<void> {
  if (settings.production)
    throw new Error('Seeding is refused in production: everybody who is made up has a known password.');
  const { databaseUrl: url, migrationUrl, migrateOnStart } = settings;
  const target = { url, ...(migrationUrl === null ? {} : { migrationUrl }) };
  // The server's own login on PostgreSQL may neither migrate nor analyze.
  const isOwner = migrateOnStart || migrationUrl !== null;
  if (isOwner) await migrate(target);
  const platform = await createPlatform(settings);
  const started = performance.now();
  let count = 0;
  let said = 0;
  const done = (more: number): void => {
    count += more;
    if (count < said + (options.fast ? 50_000 : 2500)) return;
    said = count;
    options.say(`${count} of ${options.tasks} tasks`);
  };
  const grown = async () => {
    if (isOwner) await refreshStatistics(target);
  };
  try {
    const owners: string[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < options.organizations; index = next++) {
        const share =
          Math.floor(((index + 1) * options.tasks) / options.organizations) -
          Math.floor((index * options.tasks) / options.organizations);
        owners[index] = await fill(platform, index, share, options, { done, grown });
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, options.organizations) }, worker));
    if (options.fast) await grown();
    // Otherwise the next server would begin with these.
    await platform.sealer.sealAll();
    await platform.foldFigures();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    options.say(`${count} tasks in ${owners.length} organizations in ${seconds} s`);
    options.say(`Owners: ${owners.join(', ')}`);
    options.say(`Password of everybody: ${password}`);
    if (options.fast && !isOwner)
      options.say('Lists are slow until PostgreSQL has analyzed the tables: run "vacuum (analyze)" as their owner.');
  } finally {
    await platform.close();
  }
}
