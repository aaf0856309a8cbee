import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { describe, expect, test } from 'vitest';
import { fixtureRouter } from '../testing/fixture.ts';
import { heading, router } from '../trpc.ts';
import { buildDocument } from './openapi.ts';

const info = { title: 'Fixture', version: '1.0.0', description: 'For tests.' };

const parsed = (value: unknown) => JSON.parse(JSON.stringify(value));

const document = parsed(buildDocument(fixtureRouter, info));

const notes = document.paths['/api/v1/notes'];
const oneNote = document.paths['/api/v1/notes/{id}'];

test('redocly finds nothing to say', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tenon-openapi-'));
  const file = join(folder, 'openapi.json');
  await writeFile(file, JSON.stringify(document));
  const redocly = spawn(
    join(import.meta.dirname, '../../../../node_modules/.bin/redocly'),
    ['lint', '--extends=recommended-strict', '--format=json', file],
    { cwd: folder, env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } },
  );
  let output = '';
  redocly.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  await once(redocly, 'close');
  await rm(folder, { recursive: true });
  expect(JSON.parse(output).problems).toEqual([]);
});

test('every operation is there under its tRPC path, and no alias', () => {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path as object));
  expect(new Set(operations.map(({ operationId }) => operationId))).toEqual(
    new Set(Object.keys(fixtureRouter._def.procedures)),
  );
  expect(Object.keys(document.paths)).not.toContain('/api/v1/comments');
  expect(oneNote.put).toBeUndefined();
});

/** The names of parameters. Those of headers are the names of their components. */
const names = (operation: { parameters: { name?: string; $ref?: string }[] }) =>
  operation.parameters.map(({ name, $ref }) => {
    const component = $ref?.split('/').at(-1) ?? '';
    const shared = document.components.parameters[component];
    return name ?? (shared.in === 'header' ? component : shared.name);
  });

describe('an operation', () => {
  test('says who may call it', () => {
    expect(notes.post).toMatchObject({
      'x-permission': 'task:create',
      'x-required-scopes': ['task:create'],
      security: [{ accessToken: [] }, { apiKey: [] }],
    });
    expect(document.components.securitySchemes.apiKey).toMatchObject({
      type: 'apiKey',
      in: 'header',
      name: 'X-API-Key',
    });
    expect(document.paths['/api/v1/auth/me'].get).toMatchObject({ security: [{ accessToken: [] }] });
    expect(document.paths['/api/v1/auth/register'].post).toMatchObject({ security: [] });
    expect(document.paths['/api/v1/auth/me'].get).not.toHaveProperty('x-permission');
    expect(document.paths['/api/v1/auth/refresh'].post.security).toEqual([{ refreshCookie: [] }, {}]);
  });

  test('names its parameters and headers', () => {
    expect(names(oneNote.patch)).toEqual([
      'id',
      'OrganizationId',
      'IdempotencyKey',
      'IfMatch',
      'IfNoneMatch',
      'DryRun',
      'RequestId',
    ]);
    expect(names(notes.post)).toEqual(['OrganizationId', 'IdempotencyKey', 'DryRun', 'RequestId']);
    expect(names(oneNote.delete)).toEqual([
      'id',
      'permanent',
      'OrganizationId',
      'IdempotencyKey',
      'IfMatch',
      'IfNoneMatch',
      'DryRun',
      'RequestId',
    ]);
    expect(names(document.paths['/api/v1/auth/register'].post)).toEqual(['RequestId']);
    expect(names(document.paths['/api/v1/auth/me'].get)).toEqual(['OrganizationId', 'RequestId']);
    expect(names(document.paths['/api/v1/organizations/{organizationId}'].get)).toEqual([
      'organizationId',
      'RequestId',
    ]);
    expect(notes.get.parameters[0]).toEqual({
      name: 'limit',
      in: 'query',
      required: false,
      description: 'How many at most.',
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 50 },
    });
  });

  test('shares the description of a parameter with others that describe it in the same words', () => {
    expect(document.components.parameters.IdInPath).toMatchObject({ name: 'id', in: 'path', required: true });
    expect(oneNote.get.parameters).toContainEqual({ $ref: '#/components/parameters/IdInPath' });
  });

  test('has the statuses that it really answers', () => {
    expect(Object.keys(notes.post.responses)).toEqual([
      '201',
      '400',
      '401',
      '402',
      '403',
      '404',
      '409',
      '413',
      '415',
      '422',
      '429',
      '500',
      '503',
    ]);
    expect(Object.keys(oneNote.delete.responses)).toContain('412');
    expect(Object.keys(oneNote.delete.responses)).not.toContain('415');
    expect(oneNote.delete.responses[204].content).toBeUndefined();
    expect(notes.post.responses[201].headers).toHaveProperty('Location');
    expect(oneNote.get.responses[200].headers).toHaveProperty('ETag');
    expect(notes.get.responses[200].headers).toHaveProperty('Link');
  });

  test('says with which codes it answers each status, so that clients can decide by them', () => {
    expect(oneNote.get.responses[404]).toEqual({
      $ref: '#/components/responses/NoteNotFoundOrOrganizationNotFound',
    });
    const { NoteNotFoundOrOrganizationNotFound: missing } = document.components.responses;
    expect(missing.description).toBe(
      '[`note_not_found`](/problems/note_not_found), [`organization_not_found`](/problems/organization_not_found)',
    );
    expect(missing.content['application/problem+json'].schema).toEqual({
      allOf: [
        { $ref: '#/components/schemas/Problem' },
        {
          type: 'object',
          properties: {
            status: { type: 'integer', const: 404 },
            code: { type: 'string', enum: ['note_not_found', 'organization_not_found'] },
          },
          required: ['status', 'code'],
        },
      ],
    });
    expect(notes.get.responses[404]).toEqual({ $ref: '#/components/responses/OrganizationNotFound' });
    expect(notes.post.responses[404]).toEqual(notes.get.responses[404]);
  });

  test('keeps dry runs out of the types of answers', () => {
    const { schema } = document['x-dry-run'].content['application/json'];
    expect(schema.required).toEqual(['dryRun', 'result', 'events']);
    expect(notes.post['x-dry-run']).toBe(true);
    expect(notes.post.responses).not.toHaveProperty('200');
    expect(oneNote.patch['x-dry-run']).toBe(true);
    expect(oneNote.patch.responses[200].content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/Note',
    });
    expect(oneNote.get).not.toHaveProperty('x-dry-run');
    expect(oneNote.get.responses[200].content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/Note',
    });
  });
});

describe('an operation that is not JSON in, JSON out', () => {
  const redirect = document.paths['/api/v1/auth/arrive/{from}'].get;
  const form = document.paths['/api/v1/auth/notify/{from}'].post;

  test('redirects', () => {
    expect(Object.keys(redirect.responses)).toEqual(['303', '400', '429', '503', 'default']);
    expect(Object.keys(redirect.responses[303].headers)).toEqual(['X-Request-Id', 'Location']);
    expect(redirect.responses[303].content).toBeUndefined();
    expect(names(redirect)).toEqual(['from', 'ticket', 'again', 'RequestId']);
  });

  test('takes a form, whose unknown fields may be ignored', () => {
    const body = 'application/x-www-form-urlencoded';
    expect(form.requestBody).toEqual({
      required: true,
      content: { [body]: { schema: { $ref: '#/components/schemas/AuthNotifyInput' } } },
    });
    expect(form.responses[200].content).toBeUndefined();
    expect(document.components.schemas.AuthNotifyInput).not.toHaveProperty('additionalProperties');
    expect(document.components.schemas.AuthVoteInput.additionalProperties).toBe(false);
  });
});

describe('a schema', () => {
  const { schemas } = document.components;

  test('of an input is closed, and describes only the body', () => {
    expect(oneNote.patch.requestBody.content['application/merge-patch+json'].schema).toEqual({
      $ref: '#/components/schemas/NotesUpdateInput',
    });
    expect(schemas.NotesUpdateInput.additionalProperties).toBe(false);
    expect(schemas.NotesUpdateInput.properties).not.toHaveProperty('id');
    expect(schemas.NotesUpdateInput.properties.tags.items.additionalProperties).toBe(false);
    expect(schemas.NotesCreateInput.required).toEqual(['title']);
    expect(document.paths['/api/v1/notes/{id}/shares'].post.requestBody).toBeUndefined();
  });

  test('of an output is open, and its enums may grow', () => {
    expect(schemas.Note).not.toHaveProperty('additionalProperties');
    expect(schemas.NoteColor).toEqual({
      type: 'string',
      enum: ['red', 'green'],
      description: 'Of the paper. More values may be added.',
    });
    expect(schemas.NotesCreateInput.properties.color.anyOf[0].description).toBe('Of the paper.');
    expect(schemas.NotePage.properties.data.items).toEqual({ $ref: '#/components/schemas/Note' });
  });

  test('has a name of its own', () => {
    const { query } = heading({ name: 'Tests', description: '' });
    const named = (value: z.ZodType) => z.object({ value }).meta({ id: 'Same' });
    const answering = (path: 'a' | 'b', output: z.ZodType) =>
      query({ rest: `GET /${path}`, access: 'public', summary: '', output, run: async () => ({}) });
    const build = (a: z.ZodType, b: z.ZodType) =>
      parsed(buildDocument(router({ a: answering('a', a), b: answering('b', b) }), info));
    const same = named(z.string());
    expect(Object.keys(build(same, z.array(same)).components.schemas)).toEqual(['Problem', 'Same']);
    expect(() => build(same, named(z.int()))).toThrow('Two different schemas are called Same.');
  });
});
