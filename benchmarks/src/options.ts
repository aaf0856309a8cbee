import { parseArgs } from 'node:util';

export const dialects = ['sqlite', 'postgresql'] as const;
export type Dialect = (typeof dialects)[number];

/** What is measured unless something else is asked for. */
const usualOperations = ['list', 'get', 'create', 'patch'] as const;
const operations = [...usualOperations, 'search', 'activity', 'analytics', 'board', 'bulk'] as const;
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
  /** Whether streams of events are measured instead of requests. */
  streams: boolean;
  /** Whether lists are measured while others wait for a row, instead of requests. */
  waiters: boolean;
  /** How often everything is measured, each time on new databases. */
  runs: number;
  /** If set, the benchmark counts what so many requests ask of the database, and measures nothing. */
  requests: number | null;
  jsonFile: string | null;
  /** If set, CPU profiles of our server are written into this folder, and nothing is measured. */
  profileFolder: string | null;
}

const usage = `npm run bench -- [options]

  --db sqlite|postgresql     one database instead of both
  --operations list,get      these operations. By default ${usualOperations.join(', ')}; there are also
                             ${operations.slice(usualOperations.length).join(', ')}
  --connections 1,32,256     how many clients at once
  --quick                    3 rounds of 1 s instead of 5 rounds of 3 s
  --runs 3                   measure everything three times, on new databases, and print the spread of the ratios
  --json FILE                write the figures as JSON
  --tasks 20000 --organizations 20
  --start                    measure the start and the idle memory instead of requests
  --stream                   measure how late events reach 500 readers in 50 organizations, at 200 events a second
  --waiters                  measure the lists of one organization while requests of another wait for a row
  --counts                   count what requests ask of the database instead of measuring, at 1 and 32 connections
  --requests 4000            how many requests to count, after as many to warm up (400 with --quick)
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
      connections: { type: 'string' },
      quick: { type: 'boolean', default: false },
      start: { type: 'boolean', default: false },
      stream: { type: 'boolean', default: false },
      waiters: { type: 'boolean', default: false },
      runs: { type: 'string', default: '1' },
      counts: { type: 'boolean', default: false },
      requests: { type: 'string' },
      json: { type: 'string' },
      profile: { type: 'string' },
      tasks: { type: 'string', default: '20000' },
      organizations: { type: 'string' },
    },
  });
  const wholes = (option: string, text: string): number[] => {
    const numbers = text.split(',').map(Number);
    if (numbers.every((number) => Number.isInteger(number) && number > 0)) return numbers;
    throw new Error(`--${option} takes whole numbers\n\n${usage}`);
  };
  const whole = (option: string, text: string): number => wholes(option, text)[0] ?? 0;
  const requests = values.requests ?? (values.quick ? '400' : '4000');
  return {
    dialects: chosen(dialects, values.db, 'db'),
    operations: values.operations === undefined ? usualOperations : chosen(operations, values.operations, 'operations'),
    connections: wholes('connections', values.connections ?? (values.counts ? '1,32' : '1,32,256')),
    rounds: values.quick ? 3 : 5,
    seconds: values.quick ? 1 : 3,
    tasks: whole('tasks', values.tasks),
    organizations: whole('organizations', values.organizations ?? (values.stream ? '50' : '20')),
    starts: values.start,
    streams: values.stream,
    waiters: values.waiters,
    runs: whole('runs', values.runs),
    requests: values.counts ? whole('requests', requests) : null,
    jsonFile: values.json ?? null,
    profileFolder: values.profile ?? null,
  };
}
