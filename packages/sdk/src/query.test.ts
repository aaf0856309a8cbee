import { QueryClient } from '@tanstack/query-core';
import { describe, expect, it } from 'vitest';
import type { TenonEvent } from './events.ts';
import { invalidateTouched } from './query.ts';

const id = '0190a0a0-0000-7000-8000-000000000001';
const other = '0190a0a0-0000-7000-8000-000000000002';

const eventOf = (over: Partial<TenonEvent>): TenonEvent => ({
  id: '0190a0a0-0000-7000-8000-0000000000ff',
  type: 'task.updated',
  actor: null,
  apiKeyId: null,
  entity: { type: 'task', id },
  parent: null,
  changes: {},
  data: {},
  summary: null,
  at: '2026-01-31T09:00:00.000Z',
  sequence: 1,
  organizationId: id,
  schemaVersion: 1,
  ...over,
});

/** A key as `createTRPCOptionsProxy` makes it. */
const keyOf = (name: string, input?: object) => [name.split('.'), { ...(input && { input }), type: 'query' }] as const;

/** The queries that an event touches, of those in a cache. */
async function touched(event: TenonEvent, ...keys: (readonly unknown[])[]): Promise<string[]> {
  const client = new QueryClient();
  for (const key of keys) client.setQueryData(key, 'cached');
  await invalidateTouched(client, event);
  const stale = client.getQueryCache().findAll({ predicate: ({ state }) => state.isInvalidated });
  return stale.map(({ queryKey }) => JSON.stringify(queryKey));
}

const names = (...keys: (readonly unknown[])[]) => keys.map((key) => JSON.stringify(key));

describe('an event touches', () => {
  const [list, mine, another] = [
    keyOf('tasks.list', { status: ['todo'] }),
    keyOf('tasks.get', { id }),
    keyOf('tasks.get', { id: other }),
  ];
  const [tags, activity, comments] = [
    keyOf('tags.list'),
    keyOf('activity.list'),
    keyOf('comments.list', { taskId: id }),
  ];

  it('lists of such entities, the entity itself and the activity', async () => {
    expect(await touched(eventOf({}), list, mine, another, tags, activity, comments)).toEqual(
      names(list, mine, activity),
    );
  });

  it('what it belongs to', async () => {
    const event = eventOf({
      type: 'comment.created',
      entity: { type: 'comment', id: other },
      parent: { type: 'task', id },
    });
    expect(await touched(event, mine, comments, tags)).toEqual(names(mine, comments));
  });

  it('other entities that it names', async () => {
    const changes = { parentId: { from: null, to: other } };
    expect(await touched(eventOf({ changes }), another)).toEqual(names(another));
  });

  it('contexts with names of several words, and in other plurals', async () => {
    const key = eventOf({ type: 'api_key.created', entity: { type: 'api_key', id } });
    expect(await touched(key, keyOf('apiKeys.list'), list)).toEqual(names(keyOf('apiKeys.list')));
  });

  it('no queries of others', async () => {
    expect(await touched(eventOf({}), ['tasks'], ['elsewhere', { id }])).toEqual([]);
  });
});
