import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningServer } from './servers.ts';

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

/** The output of `node --cpu-prof`. Times are microseconds of the monotonic clock. */
interface CpuProfile {
  nodes: ProfileNode[];
  startTime: number;
  samples: number[];
  timeDeltas: number[];
}

interface Profiled {
  name: string;
  folder: string;
  start: (...nodeOptions: string[]) => Promise<RunningServer>;
  /** Signs in, and returns a function that sends the load. */
  run: (url: string, seconds: number) => Promise<(warm: boolean) => Promise<{ answers: number; seconds: number }>>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const microseconds = (): number => Number(process.hrtime.bigint() / 1000n);

/** Runs our server with the profiler, and prints how it spent its time under load, once it was warm. */
export async function profile({ name, folder, start, run }: Profiled): Promise<void> {
  const file = `${name}.cpuprofile`;
  const server = await start('--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${file}`);
  const send = await run(server.url, 6);
  await send(true);
  const from = microseconds();
  const { answers, seconds } = await send(false);
  const to = microseconds();
  await server.stop();
  if (!readdirSync(folder).includes(file)) throw new Error(`The server did not write ${file}.`);
  const parsed = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
  const { busy, own, within, groups } = summarize(parsed, from, to);
  const perRequest = (time: number): string => `${(time / (answers / seconds) / ((to - from) / 1e6)).toFixed(1)} µs`;
  const share = (time: number): string => `${((100 * time) / busy).toFixed(1).padStart(5)} %`;
  const print = (title: string, times: ReadonlyMap<string, number>, most: number): void => {
    console.log(`\n${title}`);
    for (const [place, time] of [...times].sort(([, a], [, b]) => b - a).slice(0, most))
      console.log(`  ${share(time)} ${perRequest(time).padStart(9)}  ${place}`);
  };
  console.log(`\n# ${name}: ${Math.round(answers / seconds)} requests a second, ${perRequest(busy)} of CPU each`);
  print('by package', groups, 25);
  print('in the function itself', own, 40);
  print('in our functions and all they call', within, 60);
}

function summarize(profiled: CpuProfile, from: number, to: number) {
  const nodes = new Map(profiled.nodes.map((node) => [node.id, node]));
  const parents = new Map(profiled.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])));
  const own = new Map<string, number>();
  const within = new Map<string, number>();
  const groups = new Map<string, number>();
  const add = (times: Map<string, number>, place: string, time: number) =>
    times.set(place, (times.get(place) ?? 0) + time);
  let busy = 0;
  let at = profiled.startTime;
  for (const [index, id] of profiled.samples.entries()) {
    const time = profiled.timeDeltas[index + 1] ?? 0;
    at += profiled.timeDeltas[index] ?? 0;
    const node = nodes.get(id);
    if (!node || at < from || at > to || node.callFrame.functionName === '(idle)') continue;
    busy += time;
    add(own, placeOf(node), time);
    add(groups, groupOf(node), time);
    const seen = new Set<string>();
    for (let above: number | undefined = id; above !== undefined; above = parents.get(above)) {
      const frame = nodes.get(above);
      if (frame && isOurs(frame)) seen.add(placeOf(frame));
    }
    for (const place of seen) add(within, place, time);
  }
  return { busy, own, within, groups };
}

const isOurs = ({ callFrame: { url } }: ProfileNode): boolean => url.includes(root) && !url.includes('node_modules');

function placeOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName || '(anonymous)';
  if (!url) return name;
  const path = url.replace(`file://${root}`, '').replace(/^.*node_modules\/(?!\.pnpm)/, '');
  return `${name}  ${path}:${lineNumber + 1}`;
}

function groupOf(node: ProfileNode): string {
  const { functionName, url } = node.callFrame;
  if (!url) return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return 'node';
  if (isOurs(node)) return url.replace(`file://${root}`, '').split('/').slice(0, 4).join('/');
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? url;
}
