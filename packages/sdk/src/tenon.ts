import { createTRPCClient, type TRPCClient } from '@trpc/client';
import { AccessTokens } from './access-tokens.ts';
import type { Operations } from './api.ts';
import { authCalls, type AuthEvents, authEvents } from './auth.ts';
import { withCalls } from './calls.ts';
import { connections } from './connections.ts';
import type { AppRouter } from './contract.ts';
import { downloadCalls, uploadCalls } from './files.ts';
import type { TenonOptions } from './options.ts';
import { type JobCalls, jobCalls } from './jobs.ts';
import { procedureCaller } from './procedures.ts';
import { redirectCalls } from './redirects.ts';
import type { Runtime } from './runtime.ts';
import { settingsOf } from './settings.ts';
import { trpcLink } from './trpc-link.ts';

/** Every operation of the API, by its operationId: `tenon.tasks.create({ title })`. */
export interface Tenon extends Operations {
  /** Signing in and out, and the session. */
  readonly auth: Operations['auth'] & AuthEvents;
  /** Work that goes on after an answer. */
  readonly jobs: Operations['jobs'] & JobCalls;
  /**
   * The same API as tRPC's own client, for TanStack Query and similar libraries. It has the same session, retries and
   * timeouts, but tRPC's errors. Options of a call go into `context`: `{ context: { ifMatch: task.version } }`.
   */
  readonly trpc: TRPCClient<AppRouter>;
}

/** @internal `createTenon` with a runtime of the tests. */
export function connect(options: TenonOptions, runtime?: Runtime): Tenon {
  const settings = settingsOf(options, runtime);
  const tokens = new AccessTokens(settings);
  const call = procedureCaller(settings, tokens);
  const trpc = createTRPCClient<AppRouter>({ links: [trpcLink(call)] });
  const overrides = new Map([
    ...authCalls(settings, tokens),
    ...downloadCalls(settings, tokens),
    ...jobCalls((input, options) => tenon.jobs.get(input, options), settings),
  ]);
  const locals = new Map([...redirectCalls(settings), ...authEvents(settings, tokens)]);
  const uploads = uploadCalls(settings, tokens);
  // The proxy answers any name. Only the router's type knows which names exist.
  const tenon = withCalls({ trpc }, call, overrides, uploads, locals) as Tenon;
  connections.set(tenon, { settings, tokens });
  return tenon;
}

/**
 * Creates a client of the Tenon API. Its calls reject with a TenonError, or with the reason of their signal.
 *
 * @example
 * const tenon = createTenon({ baseUrl: 'http://localhost:8000' });
 * await tenon.auth.login({ login: 'ada@example.com', password });
 * const task = await tenon.tasks.create({ title: 'Write the minutes' });
 * for await (const { title } of tenon.tasks.list({ status: ['todo'] })) console.log(title);
 *
 * @example
 * const tenon = createTenon({ baseUrl: 'http://localhost:8000', apiKey });
 */
export const createTenon = (options: TenonOptions): Tenon => connect(options);
