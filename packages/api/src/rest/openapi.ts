import { type EventType, groupsOf, instancePermission, Job, pascalCased } from '@tenon/core';
import type { AnyTRPCRouter } from '@trpc/server';
import { z } from 'zod';
import { apiKeyHeader } from '../headers.ts';
import { filePart } from '../http/file-part.ts';
import { refreshCookieName } from '../http/transport.ts';
import { deprecationNotice } from '../deprecation.ts';
import { type Operation, type Tag, tagGroups } from '../operation.ts';
import { operationsOf } from '../operations.ts';
import { bodyFormats } from './body.ts';
import { restPrefix } from './answer.ts';
import { descriptionOf } from './descriptions.ts';
import { type Examples, noExamples, type OperationExample } from './examples.ts';
import { Components, inputSchema, isJson, type Json, splitGroups, type ToldSettings } from './json-schema.ts';
import { eventTag, webhookParameters, webhookResponses, webhooksOf } from './openapi-webhooks.ts';
import { ProblemSchema } from '../problem-schema.ts';
import { shareParameters } from './shared-parameters.ts';
import { dryRun, headers, parameters } from './openapi-components.ts';
import { responsesOf, sharedResponses } from './openapi-responses.ts';

/** Where a server serves its guides. The address is a whole one: linters and readers of `externalDocs` take no paths. */
const guidesOf = ({ publicUrl = 'http://localhost:8000' }: ToldSettings): string => `${publicUrl}/guides`;

export interface OpenApiInfo {
  title: string;
  version: string;
  description: string;
}

/** What a document has in addition to the operations. */
export interface OpenApiParts {
  /** Described as webhooks. @default none */
  events?: readonly EventType[];
  /** @default none */
  examples?: Examples;
  /** The settings of the installation that the document tells. @default the least that an installation may set */
  settings?: ToldSettings;
}

/** Builds the OpenAPI 3.1 document of everything that the router declares. */
export function buildDocument(
  router: AnyTRPCRouter,
  info: OpenApiInfo,
  { events = [], examples = noExamples, settings = {} }: OpenApiParts = {},
): Json {
  const components = new Components();
  const operations = operationsOf(router);
  const described: Record<string, Json> = {};
  const job = [...operations].find(([, { output }]) => output === Job)?.[0] ?? '';
  const accepted = examples.operations[job]?.answer;
  for (const [name, operation] of operations) {
    const path = restPrefix + operation.path;
    described[path] = {
      ...described[path],
      [operation.method.toLowerCase()]: describe(name, operation, components, {
        accepted,
        settings,
        ...examples.operations[name],
      }),
    };
    const replacement = operation.deprecated?.replacedBy;
    if (replacement !== undefined && operations.get(replacement)?.deprecated !== null)
      throw new Error(`${name} cannot be replaced by ${replacement}, which is not an operation, or is deprecated too.`);
  }
  const declared = { ...parameters, ...webhookParameters };
  const { paths, parameters: shared } = shareParameters(described, declared);
  const webhooks = webhooksOf(events, components);
  const groups = tagGroupsOf([
    ...Array.from(operations.values(), ({ tag }) => tag),
    ...(events.length > 0 ? [eventTag] : []),
  ]);
  components.output(ProblemSchema);
  const guides = guidesOf(settings);
  return {
    openapi: '3.1.0',
    info: { ...info, contact: { name: 'The maintainers of Tenon' }, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'This server.' }],
    externalDocs: { description: 'Guides and changelog', url: guides },
    tags: groups.flatMap(([, tags]) => tags.map((tag) => describeTag(tag, guides))),
    'x-tagGroups': groups.map(([name, tags]) => ({ name, tags: tags.map((tag) => tag.name) })),
    paths,
    ...(events.length > 0 && { webhooks }),
    'x-dry-run': dryRun(components, examples.dryRun),
    components: onlyUsed(
      { paths, webhooks },
      {
        securitySchemes: {
          apiKey: {
            type: 'apiKey',
            in: 'header',
            name: apiKeyHeader,
            description: 'The secret that `apiKeys.create` answers once. It begins with `sk_`.',
          },
          accessToken: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description:
              'The `accessToken` that `auth.login` answers. It is valid for `expiresIn` seconds; `auth.refresh` answers the next one.',
          },
          refreshCookie: {
            type: 'apiKey',
            in: 'cookie',
            name: refreshCookieName,
            description: 'The refresh token, which `auth.login` sets as a cookie unless `tokenTransport` is `body`.',
          },
        },
        parameters: { ...declared, ...shared },
        headers,
        responses: {
          ...sharedResponses(operations.values(), examples),
          ...webhookResponses,
        },
        examples: Object.fromEntries(Object.entries(examples.problems).map(([code, value]) => [code, { value }])),
        schemas: Object.fromEntries([...components.schemas].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      },
    ),
  };
}

/** Drops the components that no operation and no event refers to. */
function onlyUsed(roots: Json, components: Record<string, Json>): Json {
  const used = new Set<unknown>();
  const follow = (value: unknown, name?: string): void => {
    if (Array.isArray(value)) for (const item of value) follow(item, name);
    if (!isJson(value) || used.has(value)) return;
    used.add(value);
    const [, section = '', target = ''] = /^#\/components\/(\w+)\/(\w+)$/.exec(String(value['$ref'])) ?? [];
    follow(components[section]?.[target]);
    for (const [key, member] of Object.entries(value)) {
      if (name === 'security') follow(components['securitySchemes']?.[key]);
      follow(member, key);
    }
  };
  follow(roots);
  const usedOf = (members: Json): Json =>
    Object.fromEntries(Object.entries(members).filter(([, member]) => used.has(member)));
  return Object.fromEntries(Object.entries(components).map(([section, members]) => [section, usedOf(members)]));
}

/** The headings in their groups. Groups without headings are left out. */
function tagGroupsOf(all: readonly Tag[]): (readonly [string, readonly Tag[]])[] {
  const tags = [...new Map(all.map((tag) => [tag.name, tag])).values()];
  return tagGroups
    .map((name) => [name, tags.filter(({ group = 'Other' }) => group === name)] as const)
    .filter(([, members]) => members.length > 0);
}

const describeTag = ({ name, description, guide }: Tag, guides: string): Json => ({
  name,
  description,
  ...(guide !== undefined && { externalDocs: { description: 'Guide', url: `${guides}/${guide}` } }),
});

/** The examples of an operation, the job with which it answers when its work takes long, and the settings that its input tells. */
type DescribedExample = OperationExample & { readonly accepted: unknown; readonly settings: ToldSettings };

function describe(name: string, operation: Operation, components: Components, example: DescribedExample): Json {
  const input = splitInput(operation, example.settings);
  const body = operation.hasBody ? requestBody(name, operation, input.rest, components, example) : null;
  return {
    operationId: name,
    tags: operation.tags,
    summary: operation.summary,
    ...saidOf(operation),
    ...(operation.permission !== null && { 'x-permission': operation.permission }),
    ...(operation.access === 'instance' && { 'x-permission': instancePermission }),
    // Linters forbid scopes in the security of a scheme that declares none.
    ...(operation.permission !== null && operation.apiKey && { 'x-required-scopes': [operation.permission] }),
    security: securityOf(operation),
    parameters: [
      ...input.path,
      ...(operation.hasBody ? [] : queryParameters(input.rest)),
      ...headerParameters(operation),
    ],
    ...(body && { requestBody: body }),
    responses: responsesOf(operation, components, example),
    ...(operation.mutationHeaders && { 'x-dry-run': true }),
  };
}

function saidOf(operation: Operation): Json {
  const { description, deprecated } = operation;
  const notice = deprecated ? `Deprecated ${deprecationNotice(deprecated)}` : null;
  const parts = [description, notice, accessSaid(operation)].filter((part) => part !== null);
  return { description: parts.join('\n\n'), ...(deprecated && { deprecated: true }) };
}

function securityOf(operation: Operation): Json[] {
  if (operation.refreshCookie) return [{ refreshCookie: [] }, {}];
  if (operation.access === 'public') return [];
  return [{ accessToken: [] }, ...(operation.apiKey ? [{ apiKey: [] }] : [])];
}

/** Says who may call an operation, in a sentence for people. */
function accessSaid({ access, permission, apiKey }: Operation): string {
  if (access === 'public') return 'Anybody may call it, without signing in.';
  if (access === 'instance') return 'Only administrators of the instance may call it.';
  if (permission === null) return `Everybody who is signed in may call it${apiKey ? ', and every API key' : ''}.`;
  return `Needs the permission \`${permission}\`${apiKey ? ', of an API key as one of its scopes' : ''}.`;
}

/** Splits the input into path parameters and an object schema of the other fields. */
function splitInput(operation: Operation, settings: ToldSettings): { path: Json[]; rest: Json } {
  const { properties, required = [], ...schema } = inputSchema(operation.input, settings);
  const entries = isJson(properties) ? Object.entries(properties) : [];
  const inPath = ([name]: [string, unknown]) => operation.parameters.has(name);
  const names = Array.isArray(required) ? required.filter((name) => !operation.parameters.has(String(name))) : [];
  return {
    path: entries
      .filter(inPath)
      .map(([name, property]) => parameter('path', name, named(operation.path, name, property), true)),
    rest: {
      ...schema,
      properties: Object.fromEntries(entries.filter((entry) => !inPath(entry))),
      ...(names.length > 0 && { required: names }),
    },
  };
}

/** Describes an id by the part of the path before it: `/api-keys/{id}` has the id of the API key. */
function named(path: string, name: string, property: unknown): unknown {
  if (!isJson(property) || property['description'] !== descriptionOf('id')) return property;
  const [, plural = ''] = new RegExp(`([a-z-]+)/\\{${name}\\}`).exec(path) ?? [];
  const noun = plural
    .replace(/ies$/, 'y')
    .replace(/s$/, '')
    .replaceAll('-', ' ')
    .replace(/\bapi\b/, 'API');
  return { ...property, description: `The id of the ${noun}.` };
}

function parameter(place: 'path' | 'query', name: string, property: unknown, required: boolean): Json {
  const { description, ...schema } = isJson(property) ? property : {};
  return { name, in: place, required, ...(description === undefined ? {} : { description }), schema };
}

function queryParameters({ properties, required }: Json): Json[] {
  const names: unknown[] = Array.isArray(required) ? required : [];
  return Object.entries(isJson(properties) ? properties : {}).map(([name, property]) =>
    parameter('query', name, property, names.includes(name)),
  );
}

function headerParameters(operation: Operation): Json[] {
  const { organization, parameters: inPath, mutationHeaders, versioned, revalidates, resumable, kind } = operation;
  const names = [
    ...(organization !== 'none' && !inPath.has('organizationId') ? ['OrganizationId'] : []),
    ...(mutationHeaders ? ['IdempotencyKey', ...(versioned ? ['IfMatch', 'IfNoneMatch'] : []), 'DryRun'] : []),
    ...(revalidates || resumable ? ['IfNoneMatch'] : []),
    ...(resumable ? ['Range', 'IfRange'] : []),
    ...(kind === 'stream' ? ['LastEventId'] : []),
    'RequestId',
  ];
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

/** The body of an upload: one part, which is the file. */
const fileBody: Json = {
  type: 'object',
  additionalProperties: false,
  properties: { [filePart]: { type: 'string', format: 'binary', description: 'The file, with its name.' } },
  required: [filePart],
};

function requestBody(
  name: string,
  operation: Operation,
  rest: Json,
  components: Components,
  { request }: OperationExample,
): Json | null {
  if (operation.kind === 'upload')
    return { required: true, content: { 'multipart/form-data': { schema: components.add('FileUpload', fileBody) } } };
  if (isJson(rest['properties']) && Object.keys(rest['properties']).length === 0) return null;
  const groups = groupsOf(operation.input);
  const body = groups ? splitGroups(rest, groups) : rest;
  const schema = components.add(z.globalRegistry.get(operation.input)?.id ?? inputName(name), body);
  const { types } = bodyFormats[operation.kind];
  const media = { schema, ...(request && { example: request }) };
  return {
    required: Array.isArray(rest['required']),
    content: Object.fromEntries(
      types.slice(0, operation.method === 'PATCH' ? undefined : 1).map((type) => [type, media]),
    ),
  };
}

/** Names an input after its operation: `TasksUpdateManyInput` for `tasks.updateMany`. */
const inputName = (operationId: string): string => `${pascalCased(operationId)}Input`;
