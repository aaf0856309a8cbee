/*
 * The code of somebody who has installed the package and nothing else of ours. It is copied into separate projects, type-checked
 * there, and run.
 */
/* oxlint-disable typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/await-thenable -- wrong on purpose */
import {
  createTenon,
  type Inputs,
  type Job,
  NotFoundError,
  type Outputs,
  type SessionStore,
  TenonError,
} from '@tenon/sdk';
import { subscribe, type TenonEvent } from '@tenon/sdk/events';
import { invalidateTouched, type QueryClientLike } from '@tenon/sdk/query';

type Task = Outputs['tasks']['get'];

const draft: Inputs['tasks']['create'] = { title: 'Consume', priority: 'high', dueDate: null };

const onProgress = ({ progress }: Job): number | null => progress;

/** Checks what the types promise, in calls that are never made. */
async function promises(session: SessionStore, queryClient: QueryClientLike): Promise<void> {
  const tenon = createTenon({ baseUrl: 'https://work.example.com', session });
  const version: number = (await tenon.tasks.create(draft)).version;
  const dueDate: string | null = (await tenon.tasks.get({ id: '' })).dueDate;
  const events: { type: string }[] = (await tenon.tasks.create(draft, { dryRun: true })).events;
  const started: Job | undefined = await tenon.tasks.delete({ id: '' }, { ifMatch: version });
  const restored: Task | Job = await tenon.tasks.restore({ id: '' });
  const finished: Job | Task = 'kind' in restored ? await tenon.jobs.wait(restored, { onProgress }) : restored;
  const byTrpc: Task = await tenon.trpc.tasks.get.query({ id: '' });
  const url: string = tenon.auth.oidcCallback({ state: '' });
  for await (const event of subscribe(
    tenon,
    { types: ['task.*'] },
    { onReconnect: ({ delayMs }) => delayMs.toFixed() },
  )) {
    const told: TenonEvent = event;
    const sequence: number = told.sequence;
    await invalidateTouched(queryClient, { ...event, sequence });
  }
  void [dueDate, events, started, finished, byTrpc, url];

  createTenon({ baseUrl: '', apiKey: 'sk_' });
  // @ts-expect-error A client has an API key or a session, not both.
  createTenon({ baseUrl: '', apiKey: 'sk_', session });
  // @ts-expect-error There is no such priority.
  draft.priority = 'extreme';
  // @ts-expect-error A task needs a title.
  await tenon.tasks.create({});
  // @ts-expect-error The title is text.
  await tenon.tasks.create({ title: 1 });
  // @ts-expect-error There is no such field.
  await tenon.tasks.create({ title: '', colour: 'red' });
  // @ts-expect-error There is no such operation.
  await tenon.tasks.explode();
  // @ts-expect-error A stream is no call.
  await tenon.events.subscribe();
  // @ts-expect-error There is no such filter.
  subscribe(tenon, { colour: 'red' });
  // @ts-expect-error Forms are for other systems.
  await tenon.auth.oidcBackChannelLogout({ logout_token: '' });
  // @ts-expect-error There are no such operations.
  await tenon.taxes.list();
  // @ts-expect-error Only mutations have dry runs.
  await tenon.tasks.get({ id: '' }, { dryRun: true });
  // @ts-expect-error Signing in has no dry run.
  await tenon.auth.login({ login: '', password: '' }, { dryRun: true });
  // @ts-expect-error Only lists can be iterated.
  for await (const _ of tenon.tasks.get({ id: '' }));
  // @ts-expect-error A version is a number.
  await tenon.tasks.update({ id: '' }, { ifMatch: '3' });
  // @ts-expect-error The address of the server is missing.
  createTenon({});
}

/** Signs in, and makes one call of each kind. */
export async function visit(baseUrl: string, login: string, password: string) {
  void promises;
  const tenon = createTenon({ baseUrl });
  const { user } = await tenon.auth.login({ login, password });
  const task = await tenon.tasks.create(draft);
  const changed = await tenon.tasks.update({ id: task.id, status: 'done' }, { ifMatch: task.version });
  const titles: string[] = [];
  for await (const { title } of tenon.tasks.list({ status: ['done'], limit: 1 })) titles.push(title);

  const error: unknown = await tenon.tasks.get({ id: user.id }).catch((thrown: unknown) => thrown);
  if (!(error instanceof NotFoundError) || !(error instanceof TenonError)) throw new Error('It should not exist.');
  const status: 404 = error.status;
  return { email: user.email, version: changed.version, titles, status, code: error.code };
}
