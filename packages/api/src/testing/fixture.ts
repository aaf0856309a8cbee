import {
  DomainError,
  type ErrorDetails,
  type ErrorKind,
  errors,
  type Permission,
  type Principal,
  type ServiceContext,
  tenancyErrors,
} from '@tenon/core';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Platform } from '../context.ts';
import { serverOptions, tenonApi, type TenonApiOptions } from '../plugin.ts';
import { heading, router } from '../trpc.ts';

/*
 * A small router on a platform without a database, enough to test every rule of the transports.
 */

const error = (code: string, kind: ErrorKind, message: string) => (details?: ErrorDetails) =>
  new DomainError(code, kind, message, details);

const noteErrors = {
  note_not_found: error('note_not_found', 'not_found', 'There is no such note.'),
  note_locked: error('note_locked', 'conflict', 'The note is locked.'),
  notes_exhausted: error('notes_exhausted', 'limit_exceeded', 'Your tier has no room for another note.'),
  too_many_notes: error('too_many_notes', 'rate_limited', 'Not so fast.'),
};

export const noteId = '0190a0a0-0000-7000-8000-000000000001';
export const organizationId = '0190a0a0-0000-7000-8000-0000000000aa';

const Color = z.enum(['red', 'green']).meta({ id: 'NoteColor', description: 'Of the paper.' });

const Note = z
  .object({
    id: z.uuid(),
    title: z.string(),
    color: Color.nullable(),
    createdAt: z.iso.datetime(),
    version: z.int(),
  })
  .meta({ id: 'Note', description: 'A sheet of paper.' });

const NotePage = z
  .object({ data: z.array(Note), nextCursor: z.string().nullable(), total: z.int().optional() })
  .meta({ id: 'NotePage' });

const NoteList = z.strictObject({
  limit: z.int().min(1).max(100).default(50).describe('How many at most.'),
  ratio: z.number().optional(),
  archived: z.boolean().optional(),
  color: z.array(Color).optional(),
  search: z.string().max(40).optional(),
  cursor: z.string().optional(),
});

const NoteFields = z.strictObject({
  title: z.string().min(1).max(200),
  color: Color.nullable().optional(),
  tags: z.array(z.strictObject({ 'a/b~c': z.string() })).optional(),
  data: z.json().optional(),
});

const NotePatch = NoteFields.partial().extend({ id: z.uuid() });

export const note = (over: Partial<z.output<typeof Note>> = {}): z.output<typeof Note> => ({
  id: noteId,
  title: 'Milk',
  color: null,
  createdAt: '2026-01-31T09:00:00.000Z',
  version: 3,
  ...over,
});

/** The calls of all services, newest last. */
export const calls: { ctx: ServiceContext; input: unknown }[] = [];

type Title = { title?: string | undefined };

/** The title decides how a service ends. */
const act = (ctx: ServiceContext, input: Title): void => {
  calls.push({ ctx, input });
  if (ctx.mutation?.idempotencyKey === 'replayed') ctx.outcome.replayed = true;
  if (ctx.mutation?.dryRun) ctx.outcome.dryRun = { events: [] };
  const { ifMatch = null } = ctx.mutation ?? {};
  if (ifMatch !== null && ifMatch !== '*' && ![ifMatch].flat().includes(3)) throw errors.version_conflict();
  if (input.title === 'crash') throw new Error('select secret from passwords');
  if (input.title === 'undeclared') throw noteErrors.too_many_notes();
  if (input.title === 'field') throw errors.validation_failed({ field: ['tags', 0, 'a/b~c'], message: 'No such tag.' });
  if (input.title === 'limit') throw noteErrors.notes_exhausted({ limit: 'notes', max: 10 });
  if (input.title === 'locked') throw noteErrors.note_locked({ retryAfter: 1.2 });
};

const notes = heading({ name: 'Notes', description: 'Sheets of paper.' });
const comments = heading({ name: 'Comments', description: 'What people say.' });
const organizations = heading({ name: 'Organizations', description: 'Who works together.' });
const authentication = heading({ name: 'Authentication', description: 'Who is there.' });

const noteRouter = router({
  list: notes.query({
    rest: 'GET /notes',
    access: 'task:read',
    summary: 'List notes',
    input: NoteList,
    output: NotePage,
    run: async (ctx, input) => {
      act(ctx, {});
      return { data: [note()], nextCursor: input.cursor === undefined ? 'next page' : null };
    },
  }),
  get: notes.query({
    rest: 'GET /notes/{id}',
    access: 'task:read',
    summary: 'Read a note',
    input: z.strictObject({ id: z.uuid() }),
    output: Note,
    problems: [noteErrors.note_not_found],
    run: async (ctx, { id }) => {
      act(ctx, {});
      if (id !== noteId) throw noteErrors.note_not_found();
      return note();
    },
  }),
  create: notes.mutation({
    rest: 'POST /notes',
    access: 'task:create',
    summary: 'Write a note',
    status: 201,
    input: NoteFields,
    output: Note,
    problems: [noteErrors.notes_exhausted, noteErrors.note_locked],
    run: async (ctx, input) => {
      act(ctx, input);
      return note({ title: input.title, version: 1 });
    },
  }),
  update: notes.mutation({
    rest: 'PATCH /notes/{id}',
    access: 'task:update',
    summary: 'Change a note',
    versioned: true,
    input: NotePatch,
    output: Note,
    run: async (ctx, input) => {
      act(ctx, input);
      if (input.title === 'extra') return { ...note(), secret: 'unknown field' };
      if (input.title === 'wrong') return note({ version: 0.5 });
      return note({ title: input.title ?? 'Milk', version: 4 });
    },
  }),
  delete: notes.mutation({
    rest: 'DELETE /notes/{id}',
    access: 'task:delete',
    summary: 'Throw a note away',
    versioned: true,
    input: z.strictObject({ id: z.uuid(), permanent: z.boolean().optional() }),
    run: async (ctx) => act(ctx, {}),
  }),
  share: notes.mutation({
    rest: 'POST /notes/{id}/shares',
    access: 'task:update',
    summary: 'Share a note',
    status: 201,
    secretAnswer: true,
    input: z.strictObject({ id: z.uuid() }),
    output: z.object({ url: z.string() }),
    location: ({ url }) => `/shares/${url}`,
    run: async (ctx) => {
      act(ctx, {});
      return { url: 'secret' };
    },
  }),
});

const commentRouter = router({
  create: comments.mutation({
    rest: 'POST /tasks/{taskId}/comments',
    access: 'comment:create',
    summary: 'Comment on a task',
    status: 201,
    input: z.strictObject({ taskId: z.uuid(), body: z.string().min(1) }),
    output: z.object({ id: z.uuid(), taskId: z.uuid(), body: z.string() }).meta({ id: 'Comment' }),
    run: async (ctx, { taskId, body }) => {
      act(ctx, {});
      return { id: noteId, taskId, body };
    },
  }),
});

const organizationRouter = router({
  get: organizations.query({
    rest: 'GET /organizations/{organizationId}',
    access: 'organization:read',
    summary: 'Read an organization',
    input: z.strictObject({ organizationId: z.string() }),
    output: z.object({ id: z.string().nullable() }),
    run: async (ctx) => ({ id: ctx.principal?.organizationId ?? null }),
  }),
  update: organizations.mutation({
    rest: 'PATCH /organizations/{organizationId}',
    access: 'organization:update',
    summary: 'Change an organization',
    input: z.strictObject({ organizationId: z.string(), name: z.string() }),
    output: z.object({ name: z.string() }),
    run: async (_ctx, { name }) => ({ name }),
  }),
});

const authRouter = router({
  me: authentication.query({
    rest: 'GET /auth/me',
    access: 'user',
    organization: 'optional',
    summary: 'Who am I',
    output: z.object({ userId: z.string(), organizationId: z.string().nullable() }),
    run: async ({ principal }) => ({
      userId: principal?.userId ?? '',
      organizationId: principal?.organizationId ?? null,
    }),
  }),
  register: authentication.mutation({
    rest: 'POST /auth/register',
    access: 'public',
    summary: 'Sign up',
    status: 202,
    mutationHeaders: false,
    input: z.strictObject({ email: z.email() }),
    output: z.object({ anonymous: z.boolean() }),
    run: async (ctx) => ({ anonymous: ctx.principal === null }),
  }),
  refresh: authentication.restMutation({
    rest: 'POST /auth/refresh',
    access: 'public',
    summary: 'Take new tokens',
    refreshCookie: true,
    input: z.strictObject({ refreshToken: z.string().optional() }),
    output: z.object({ used: z.string().nullable(), userAgent: z.string().nullable(), address: z.string() }),
    run: async ({ address }, input, transport) => {
      const used = input.refreshToken ?? transport.refreshCookie;
      transport.setRefreshCookie(used === null ? null : `${used}+1`);
      return { used, userAgent: transport.userAgent, address: address ?? '' };
    },
  }),
  arrive: authentication.redirect({
    rest: 'GET /auth/arrive/{from}',
    access: 'public',
    summary: 'Come back from elsewhere',
    input: z.object({ from: z.string(), ticket: z.string().min(1), again: z.boolean().optional() }),
    run: async (ctx, input, transport) => {
      calls.push({ ctx, input });
      if (input.ticket === 'relative') return '/welcome';
      transport.setRefreshCookie(input.ticket);
      return `https://app.example.com/?from=${input.from}`;
    },
  }),
  notify: authentication.form({
    rest: 'POST /auth/notify/{from}',
    access: 'public',
    summary: 'Hear from elsewhere',
    status: 200,
    input: z.object({ from: z.string(), notice: z.string().min(1), times: z.int().optional() }),
    run: async (ctx, input) => void calls.push({ ctx, input }),
  }),
  vote: authentication.form({
    rest: 'POST /auth/votes',
    access: 'task:read',
    summary: 'Send a form of a page',
    input: z.strictObject({ choice: z.array(z.string()), comment: z.string().optional() }),
    output: z.object({ choice: z.array(z.string()), comment: z.string().nullable() }),
    run: async (_ctx, { choice, comment = null }) => ({ choice, comment }),
  }),
});

export const fixtureRouter = router({
  notes: noteRouter,
  comments: commentRouter,
  organizations: organizationRouter,
  auth: authRouter,
});

export type FixtureRouter = typeof fixtureRouter;

const settings: ServiceContext['settings'] = {
  production: false,
  publicUrl: 'http://localhost:8000',
  corsOrigins: [],
  dataDirectory: '/nowhere',
  secretKey: 'x'.repeat(32),
  encryptionKeys: [],
  accessTokenMinutes: 20,
  refreshTokenDays: 3,
  requireVerifiedEmail: true,
  passwordMinLength: 8,
  attemptsPerAddress: 50,
};

const permissionsOf: Readonly<Record<string, readonly Permission[]>> = {
  owner: [
    ...(['task:read', 'task:create', 'task:update', 'task:delete', 'comment:create'] as const),
    'organization:read',
  ],
  viewer: ['task:read'],
};

const principalOf = (role: string, organization: string | null): Principal => ({
  userId: role,
  sessionId: 'session',
  emailVerified: true,
  organizationId: organization,
  grants:
    organization === null
      ? []
      : [
          {
            roleId: role,
            roleKey: role,
            permissions: new Set(permissionsOf[role]),
            constraints: [],
            scope: { kind: 'organization' },
            validTo: null,
          },
        ],
});

/** The token is the role: `owner`, `viewer`, `stranger` (in no organization) or `many` (in several). */
export const fixturePlatform: Platform = {
  settings,
  apiLog: { add: () => {} },
  authenticate: async (token) => {
    if (!['owner', 'viewer', 'stranger', 'many'].includes(token)) throw errors.unauthenticated();
    return {
      userId: token,
      sessionId: 'session',
      emailVerified: true,
      activeOrganizationId: null,
      sessionStartedAt: null,
    };
  },
  principal: async ({ userId }, need, { path, header } = {}) => {
    const chosen = path ?? header;
    if (chosen !== undefined && chosen !== 'acme' && chosen !== organizationId)
      throw tenancyErrors.organization_not_found();
    if (path !== undefined && header !== undefined && !['acme', organizationId].includes(header)) {
      const message = 'The path names another organization.';
      throw errors.validation_failed({ errors: [{ path: '/header/X-Organization-Id', code: 'custom', message }] });
    }
    const ambiguous = userId === 'stranger' || (userId === 'many' && chosen === undefined);
    if (need === 'required' && userId === 'stranger') throw tenancyErrors.no_organization();
    if (need === 'required' && ambiguous) throw tenancyErrors.organization_required();
    return principalOf(userId, need === 'none' || ambiguous ? null : organizationId);
  },
  context: ({ principal, requestId = '', address = null, mutation: request }) => ({
    principal,
    requestId,
    address,
    ...(request && { mutation: request }),
    clock: { now: () => new Date() },
    settings,
    outcome: { replayed: false, accepted: false, dryRun: null },
    get database(): never {
      throw new Error('The fixture has no database.');
    },
    get files(): never {
      throw new Error('The fixture has no files.');
    },
  }),
};

/** A server for the fixture. It does not listen yet. */
export function fixtureServer(options: Partial<TenonApiOptions> = {}): FastifyInstance {
  const app = Fastify({ ...serverOptions, genReqId: () => 'request-1' });
  app.register(tenonApi, { platform: fixturePlatform, router: fixtureRouter, checkOutputs: true, ...options });
  return app;
}
