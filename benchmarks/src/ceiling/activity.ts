/** An entry of the activity: a task that somebody has created. */
interface Entry {
  id: string;
  type: string;
  actor: { id: string; username: string | null; fullName: string | null };
  apiKeyId: string | null;
  entity: { type: string; id: string };
  parent: null;
  changes: Readonly<Record<string, unknown>>;
  data: Readonly<Record<string, unknown>>;
  summary: string;
  at: string;
}

export interface ActivityPage {
  data: Entry[];
  nextCursor: string | null;
}

/** An event as the stores read it, with everything as in the answer but the payload. */
export interface ReadEvent {
  id: string;
  actorId: string;
  apiKeyId: string | null;
  entityId: string;
  at: string;
  payload: { changes: Readonly<Record<string, unknown>>; data: Readonly<Record<string, unknown>> };
  username: string | null;
  fullName: string | null;
}

function entryOf({ id, actorId, apiKeyId, entityId, at, payload, username, fullName }: ReadEvent): Entry {
  const { changes, data } = payload;
  return {
    id,
    type: 'task.created',
    actor: { id: actorId, username, fullName },
    apiKeyId,
    entity: { type: 'task', id: entityId },
    parent: null,
    changes,
    data,
    summary: `${fullName ?? username} created the task ${String(data['title'])}`,
    at,
  };
}

/** Makes a page of one event more than it shows. */
export function activityPage(events: readonly ReadEvent[], limit: number): ActivityPage {
  const shown = events.slice(0, limit);
  const last = events.length > limit ? shown.at(-1) : undefined;
  return {
    data: shown.map(entryOf),
    nextCursor: last ? Buffer.from(`${last.at} ${last.id}`).toString('base64url') : null,
  };
}
