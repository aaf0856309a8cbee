/**
 * Measures whether a failed sign-in takes equally long for an account that exists, in each of its states, and for one that does not.
 * Sends pairs of HTTP requests, one request at a time, in alternating order. Prints the medians and their ratio, and fails if the
 * ratio differs from 1 by more than 25 %.
 *
 * Run `node benchmarks/src/login-timing.ts [PAIRS]` while nothing else runs on the machine.
 */
import { randomUUID } from 'node:crypto';
import { serverOptions, tenonApi } from '@tenon/api';
import { register, uuidv7, verifyEmail } from '@tenon/core';
import { createTestPlatform, deactivate, dialects, type TestPlatform } from '@tenon/core/testing';
import Fastify from 'fastify';

const pairs = Number(process.argv[2] ?? 60);
/** Fewer than the limit of failed sign-ins for an account. */
const uses = 8;
const warmUp = 12;

type State = 'active' | 'not active' | 'not verified' | 'throttled';
const states: readonly State[] = ['active', 'not active', 'not verified', 'throttled'];

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0)) / 2;
};

async function account(platform: TestPlatform, state: State): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  const anonymous = () => platform.context({ principal: null });
  const { user, verificationToken = '' } = await register(anonymous(), { email, password: `${randomUUID()} x` });
  if (state !== 'not verified') await verifyEmail(anonymous(), { token: verificationToken });
  if (state === 'not active') await deactivate(platform, user.id);
  return email;
}

async function measure(
  platform: TestPlatform,
  url: string,
  state: State,
): Promise<[known: number[], unknown: number[]]> {
  const fail = async (login: string): Promise<number> => {
    const started = performance.now();
    const response = await fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login, password: 'not the password' }),
    });
    await response.text();
    const expected = state === 'throttled' ? 429 : 401;
    const took = performance.now() - started;
    if (exhausting === false && response.status !== expected) throw new Error(`${state}: ${response.status}`);
    return took;
  };
  const count = state === 'throttled' ? 1 : Math.ceil((pairs + warmUp) / uses);
  const known: string[] = [];
  for (let index = 0; index < count; index++) known.push(await account(platform, state));
  const unknown = known.map(() => `${uuidv7()}@example.com`);
  let exhausting = state === 'throttled';
  for (let index = 0; exhausting && index < 10; index++) for (const name of [...known, ...unknown]) await fail(name);
  exhausting = false;

  const times: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs + warmUp; pair++) {
    const names = [known[pair % count] ?? '', unknown[pair % count] ?? ''];
    const order = pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
    for (const which of order) {
      const took = await fail(names[which] ?? '');
      if (pair >= warmUp) times[which].push(took);
    }
  }
  return times;
}

for (const dialect of dialects) {
  const platform = await createTestPlatform(dialect);
  const app = Fastify(serverOptions);
  await app.register(tenonApi, { platform });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  for (const state of states) {
    const [known, unknown] = (await measure(platform, url, state)).map(median) as [number, number];
    const ratio = known / unknown;
    const figures = `${known.toFixed(2)} ms against ${unknown.toFixed(2)} ms for nobody`;
    console.log(`${dialect}, ${state}: ${figures}, ratio ${ratio.toFixed(3)} over ${pairs} pairs`);
    if (ratio > 1.25 || ratio < 0.8) process.exitCode = 1;
  }
  await app.close();
  await platform.dispose();
}
