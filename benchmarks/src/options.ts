import { parseArgs } from 'node:util';

export const dialects = ['sqlite', 'postgresql'] as const;
export type Dialect = (typeof dialects)[number];

const operations = ['list', 'get', 'create', 'patch'] as const;
export type Operation = (typeof operations)[number];

/** In the order of their runs within a round. */
export const surfaces = ['rest', 'trpc', 'ceiling'] as const;
export type Surface = (typeof surfaces)[number];

export interface Options {
  dialects: readonly Dialect[];
  operations: readonly Operation[];
  connections: readonly number[];
  /** How often each surface is measured. */
  rounds: number;
  /** The duration of a run, in seconds. */
  seconds: number;
  tasks: number;
  organizations: number;
  /** Whether starts are measured instead of requests. */
  starts: boolean;
  jsonFile: string | null;
  /** If set, CPU profiles of our server are written into this folder, and nothing is measured. */
  profileFolder: string | null;
}

const usage = `npm run bench -- [options]

  --db sqlite|postgresql     one database instead of both
  --operations list,get      some operations instead of all
  --connections 1,32,256     how many clients at once
  --quick                    3 rounds of 1 s instead of 5 rounds of 3 s
  --json FILE                write the figures as JSON
  --tasks 20000 --organizations 20
  --start                    measure the start and the idle memory instead of requests
  --profile FOLDER           write CPU profiles of our server instead of measuring
`;

export function chosen<Name extends string>(
  all: readonly Name[],
  text: string | undefined,
  option: string,
): readonly Name[] {
  if (text === undefined) return all;
  const names = text.split(',');
  const found = all.filter((name) => names.includes(name));
  if (found.length !== names.length) throw new Error(`--${option} takes ${all.join(', ')}\n\n${usage}`);
  return found;
}

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      db: { type: 'string' },
      operations: { type: 'string' },
      connections: { type: 'string', default: '1,32,256' },
      quick: { type: 'boolean', default: false },
      start: { type: 'boolean', default: false },
      json: { type: 'string' },
      profile: { type: 'string' },
      tasks: { type: 'string', default: '20000' },
      organizations: { type: 'string', default: '20' },
    },
  });
  const connections = values.connections.split(',').map(Number);
  if (!connections.every((count) => Number.isInteger(count) && count > 0))
    throw new Error(`--connections takes whole numbers\n\n${usage}`);
  return {
    dialects: chosen(dialects, values.db, 'db'),
    operations: chosen(operations, values.operations, 'operations'),
    connections,
    rounds: values.quick ? 3 : 5,
    seconds: values.quick ? 1 : 3,
    tasks: Number(values.tasks),
    organizations: Number(values.organizations),
    starts: values.start,
    jsonFile: values.json ?? null,
    profileFolder: values.profile ?? null,
  };
}
