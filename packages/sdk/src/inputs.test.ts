import { expect, test, vi } from 'vitest';
import { createTenon } from './index.ts';

const fetch = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();
const tenon = createTenon({ baseUrl: 'https://work.example.com', fetch });

/** A date as a program without types may pass it. */
const date = (value: string) => new Date(value) as unknown as string;

const create = tenon.tasks.create;

test.each<[string, () => Promise<unknown>, string]>([
  ['NaN', () => create({ title: '', estimatedHours: NaN }), 'tasks.create: estimatedHours is NaN'],
  ['an infinite number', () => create({ title: '', actualHours: Infinity }), 'tasks.create: actualHours is Infinity'],
  ['an invalid date', () => create({ title: '', dueDate: date('soon') }), 'tasks.create: dueDate is an invalid date.'],
  [
    'a wrong number deep inside',
    () => tenon.tasks.bulkCreate({ items: [{ title: '' }, { title: '', estimatedHours: -Infinity }] }),
    'tasks.bulkCreate: items[1].estimatedHours is -Infinity',
  ],
  [
    'a wrong filter of a list',
    () => tenon.tasks.list({ dueBefore: date('') }),
    'tasks.list: dueBefore is an invalid date.',
  ],
  ['a wrong limit', () => tenon.tags.list({ limit: NaN }), 'tags.list: limit is NaN'],
  [
    'a wrong field of a call over REST',
    () => tenon.auth.login({ login: '', password: NaN as unknown as string }),
    'auth.login: password is NaN',
  ],
  ['a wrong field of a call of tRPC', () => tenon.trpc.tags.list.query({ limit: NaN }), 'tags.list: limit is NaN'],
])('%s is refused before anything is sent', async (_, call, message) => {
  await expect(call()).rejects.toThrow(message);
  expect(fetch).not.toHaveBeenCalled();
});

test('valid dates and numbers are sent', async () => {
  fetch.mockResolvedValueOnce(Response.json({ result: { data: {} } }));
  await create({ title: '', estimatedHours: 0.5, dueDate: date('2026-01-31T09:00:00Z') });
  const body: unknown = fetch.mock.calls[0]?.[1].body;
  expect(typeof body === 'string' && JSON.parse(body)).toEqual({
    title: '',
    estimatedHours: 0.5,
    dueDate: '2026-01-31T09:00:00.000Z',
  });
  fetch.mockClear();
});
