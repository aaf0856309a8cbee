import {
  apiKeyErrors,
  type DomainError,
  errors,
  type FieldError,
  hasSecrets,
  type Permission,
  sessionLimits,
  tenancyErrors,
} from '@tenon/core';
import { z } from 'zod';
import type { RequestContext } from './context.ts';
import { checkDeprecation } from './deprecation.ts';
import { duplicated, invalid, kinds, wrongField } from './errors.ts';
import type { Revalidation } from './http/etags.ts';
import { inspect } from './input.ts';
import type { DeclaredProblem, Deprecation, Method, OperationKind, OperationMeta, OrganizationNeed } from './meta.ts';
import { pointer } from './pointer.ts';

export type InputSchema = z.ZodObject;
export type OutputSchema = z.ZodType;

/** The input of operations that take no fields. */
const noInput = z.strictObject({});
export type NoInput = typeof noInput;

/** The groups of headings, in the order in which somebody new to the API needs them. */
export const tagGroups = [
  'Getting started',
  'Work',
  'People and access',
  'Signing in',
  'Events and audit',
  'Other',
] as const;

/** A heading of the document. Each context defines its own beside its router. */
export interface Tag {
  readonly name: string;
  readonly description: string;
  /** @default 'Other' */
  readonly group?: (typeof tagGroups)[number];
  /** The guide that explains it: a file in docs/guides without its ending, with an anchor where only a part of the guide does. */
  readonly guide?: string;
}

/** The declaration of an operation. Everything else is derived from it. */
export interface Declaration<Input extends InputSchema, Output extends OutputSchema> {
  /** Method and path below `/api/v1`. PUT calls the same operation as PATCH. */
  rest: `${Method} /${string}`;
  /**
   * Who may call it: callers with a permission in an organization, administrators of the instance (`instance`), anybody who is
   * signed in (`user`), or anybody (`public`).
   */
  access: Permission | 'instance' | 'user' | 'public';
  /** Whether API keys may call it, and not only people who are signed in. @default true with a permission, false otherwise */
  apiKey?: boolean;
  /**
   * Whether a session that began at an issuer of an organization may call it. Such a session must not change the account, and must
   * not reach beyond the organization. @default true with a permission or where `apiKey` is true, false otherwise
   */
  limitedSession?: boolean;
  /** @default 'required' with a permission, 'none' otherwise */
  organization?: OrganizationNeed;
  /** `inactive`: works in an inactive organization too. `deleted`: also in one in the trash. @default only in an active one */
  evenIf?: 'inactive' | 'deleted';
  summary: string;
  description?: string;
  /** That it will be removed: every answer and the documentation say so. */
  deprecated?: Deprecation;
  /**
   * The fields that the path names come from the path. The others come from the body, or for GET and DELETE from the query. The
   * schema must be strict, except for a redirect, a form or a click, where another standard may say that unknown fields are ignored.
   * All fields of an upload are in its path.
   */
  input?: Input;
  output?: Output;
  /** @default 200, or 204 without an output */
  status?: 200 | 201 | 202 | 204;
  /** The problems of this operation. Those that follow from the rest of the declaration are added. */
  problems?: readonly (() => DomainError)[];
}

/** The input as the client sent it, and the errors that the transport already found in it. */
export interface RawInput {
  value: unknown;
  wrong?: FieldError[];
  /** The members that occur twice in the JSON, as the names that lead to them. REST refuses them itself. */
  repeated?: readonly (readonly PropertyKey[])[];
}

/** One call of an operation, over REST or tRPC. */
export interface Call {
  request: RequestContext;
  /** The operationId, which is also the tRPC path. */
  name: string;
  rawInput: () => Promise<RawInput> | RawInput;
  /** The value for `{organizationId}`. It is needed before the rest of the input is read. */
  organizationInPath: () => unknown;
}

/** Makes the path of a created object, below `/api/v1`. Each takes the output of its own operation. */
type Locate = (output: never) => string;

export interface OperationParts {
  type: 'query' | 'mutation';
  tag: Tag;
  /** @default 'json' */
  kind?: OperationKind;
  declaration: Declaration<InputSchema, OutputSchema>;
  versioned?: boolean;
  revalidates?: boolean;
  resumable?: boolean;
  mutationHeaders?: boolean;
  secretAnswer?: boolean;
  long?: boolean;
  restOnly?: boolean;
  events?: SentEvents;
  refreshCookie?: boolean;
  location?: Locate;
  execute: (operation: Operation, call: Call) => Promise<unknown>;
}

/** What a stream sends over REST, by the names of its events. `*` stands for all other names. */
export type SentEvents = Readonly<Record<string, OutputSchema>>;

/** The output of a redirect: the address that the browser goes to. */
const address = z.url();

/** An operation at run time: its meta, its schemas and how to call it. */
export class Operation implements OperationMeta {
  readonly type: 'query' | 'mutation';
  readonly kind: OperationKind;
  readonly method: Method;
  readonly path: `/${string}`;
  /** The names of the parameters in the path. */
  readonly parameters: ReadonlySet<string>;
  readonly tags: readonly string[];
  /** The heading of the document that it is under. */
  readonly tag: Tag;
  readonly summary: string;
  readonly description: string | null;
  readonly deprecated: Deprecation | null;
  readonly access: 'public' | 'user' | 'instance' | 'permission';
  readonly permission: Permission | null;
  readonly apiKey: boolean;
  readonly limitedSession: boolean;
  readonly organization: OrganizationNeed;
  readonly evenIf: 'inactive' | 'deleted' | undefined;
  readonly status: number;
  readonly long: boolean;
  readonly problems: readonly DeclaredProblem[];
  readonly versioned: boolean;
  /** How it answers 304 to a client that has the answer. Null: it always answers in full. */
  readonly revalidates: Revalidation | null;
  /** Whether it answers a file that has an ETag and is sent in parts on request. */
  readonly resumable: boolean;
  readonly mutationHeaders: boolean;
  readonly secretAnswer: boolean;
  readonly restOnly: boolean;
  /** What a stream sends over REST. Empty for the other kinds. */
  readonly events: SentEvents;
  /** Whether the refresh cookie is a credential for it. */
  readonly refreshCookie: boolean;
  readonly input: InputSchema;
  /**
   * Whether unknown fields are ignored and empty fields count as missing, as OAuth 2.0 requires (RFC 6749, section 3.1). Otherwise
   * unknown fields are refused. True when the input schema is not strict.
   */
  readonly ignoresUnknown: boolean;
  /** Null when it answers no body. */
  readonly output: OutputSchema | null;
  /** Makes the path of a created object. Null when that is the operation's path and the object's id. */
  readonly location: Locate | null;
  readonly #execute: OperationParts['execute'];
  #compressible: boolean | undefined;

  constructor(parts: OperationParts) {
    const { declaration } = parts;
    const [method, path] = splitRest(declaration.rest);
    this.type = parts.type;
    this.kind = parts.kind ?? 'json';
    this.method = method;
    this.path = path;
    this.parameters = new Set(Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1] ?? ''));
    this.tag = parts.tag;
    this.tags = [parts.tag.name];
    this.summary = declaration.summary;
    this.description = declaration.description ?? null;
    this.deprecated = declaration.deprecated ?? null;
    const { access } = declaration;
    const byPermission = access !== 'public' && access !== 'user' && access !== 'instance';
    this.access = byPermission ? 'permission' : access;
    this.permission = byPermission ? access : null;
    this.apiKey = declaration.apiKey ?? byPermission;
    this.limitedSession = declaration.limitedSession ?? (byPermission || this.apiKey);
    this.organization = declaration.organization ?? (this.permission === null ? 'none' : 'required');
    this.evenIf = declaration.evenIf;
    this.input = declaration.input ?? noInput;
    this.ignoresUnknown = this.input.def.catchall?._zod.def.type !== 'never';
    this.output = this.kind === 'redirect' ? address : (declaration.output ?? null);
    this.status =
      this.kind === 'redirect' ? 303 : (declaration.status ?? (this.output || this.kind === 'download' ? 200 : 204));
    this.versioned = parts.versioned ?? false;
    this.mutationHeaders = parts.mutationHeaders ?? parts.type === 'mutation';
    this.secretAnswer = parts.secretAnswer ?? false;
    this.long = parts.long ?? false;
    this.restOnly = parts.restOnly ?? (this.kind !== 'json' && this.kind !== 'stream');
    this.events = parts.events ?? {};
    this.refreshCookie = parts.refreshCookie ?? false;
    this.location = parts.location ?? null;
    this.problems = (declaration.problems ?? []).map((make) => declared(make()));
    const isVersionedRead = this.method === 'GET' && this.kind === 'json' && hasVersion(this.output);
    this.revalidates = isVersionedRead ? (parts.revalidates ? 'version' : 'digest') : null;
    this.resumable = parts.resumable ?? false;
    this.#execute = parts.execute;
    this.#check(parts);
  }

  /**
   * Whether its answer may be compressed. An answer that contains a secret may not: whoever can add text to it learns the secret from its
   * length (the attack BREACH).
   */
  get compressible(): boolean {
    return (this.#compressible ??= !this.secretAnswer && !(this.output && hasSecrets(this.output)));
  }

  /** Whether its fields come from the body, and not from the query. */
  get hasBody(): boolean {
    return this.method !== 'GET' && this.method !== 'DELETE' && this.kind !== 'click';
  }

  /** Makes a JSON Pointer to a field of the input, in the part of a REST request that the field comes from. */
  readonly pointerOf = (field: readonly PropertyKey[]): string => {
    const [name] = field;
    const place = typeof name === 'string' && this.parameters.has(name) ? 'path' : this.hasBody ? 'body' : 'query';
    return pointer(place, field);
  };

  /**
   * Parses the input that the client sent. No input counts as an empty object.
   * @throws `validation_failed`
   */
  parse({ value = {}, wrong = [], repeated = [] }: RawInput): Record<string, unknown> {
    if (repeated.length > 0) throw duplicated(repeated.map(this.pointerOf));
    const unsafe = inspect(value, this.pointerOf);
    if (unsafe.length > 0) throw invalid(...wrong, ...unsafe);
    const parsed = this.input.safeParse(value);
    if (parsed.success && wrong.length === 0) return parsed.data;
    const found = parsed.success ? [] : parsed.error.issues.flatMap((issue) => this.#fieldErrors(issue));
    throw invalid(...wrong, ...found);
  }

  /** @throws ApiError */
  call(call: Call): Promise<unknown> {
    return this.#execute(this, call);
  }

  #fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
    if (issue.code !== 'unrecognized_keys') return [wrongField(this.pointerOf(issue.path), issue.message, issue.code)];
    return issue.keys.map((key) =>
      wrongField(this.pointerOf([...issue.path, key]), 'There is no such field.', issue.code),
    );
  }

  #check({ revalidates }: OperationParts): void {
    const where = `${this.method} ${this.path}`;
    if (this.deprecated) checkDeprecation(this.deprecated);
    if (this.kind === 'json' && this.ignoresUnknown) throw new Error(`${where}: the input must be strict.`);
    for (const name of this.parameters)
      if (!(name in this.input.shape)) throw new Error(`${where}: the input has no ${name}.`);
    // A POST may be a query, because some queries are too long for a URL.
    if (this.type === 'query' && !['GET', 'POST'].includes(this.method))
      throw new Error(`${where}: a query is a GET, or a POST.`);
    if (this.type === 'mutation' && this.method === 'GET' && this.kind !== 'redirect')
      throw new Error(`${where}: a GET changes nothing.`);
    const outside = Object.keys(this.input.shape).filter((name) => !this.parameters.has(name));
    if (this.kind === 'upload' && outside.length > 0)
      throw new Error(`${where}: the body of an upload is the file, so the path must have ${outside.join(', ')}.`);
    if (revalidates && !isFlatWithVersion(this.output))
      throw new Error(`${where}: an answer without a version, or with another object in it, can change without it.`);
    // Some senders of forms expect a 200 without a body.
    if (this.kind === 'json' && (this.status === 204) !== (this.output === null))
      throw new Error(`${where}: 204, and 204 alone, answers nothing.`);
  }
}

const hasVersion = (output: OutputSchema | null): output is z.ZodObject =>
  output instanceof z.ZodObject && 'version' in output.shape;

/** Whether an output has a version, and no objects inside, which could be rows that change without it. */
function isFlatWithVersion(output: OutputSchema | null): boolean {
  if (!hasVersion(output)) return false;
  // A copy, because the output itself may be a component, and then its schema would be a reference.
  const { properties } = z.toJSONSchema(z.object(output.shape), { io: 'output' });
  return !/"type":"object"|"\$ref"/.test(JSON.stringify(properties));
}

function splitRest(rest: `${Method} /${string}`): [Method, `/${string}`] {
  const match = /^(GET|POST|PUT|PATCH|DELETE) (\/\S*)$/.exec(rest);
  if (!match) throw new Error(`${rest} is not a method and a path.`);
  const [, method, path] = match;
  return [method as Method, path as `/${string}`];
}

const declared = ({ code, kind }: DomainError): DeclaredProblem => ({ code, status: kinds[kind].status });

const problem = (code: string, status: number): DeclaredProblem => ({ code, status });

/** All problems that an operation may answer: those it declares, and those that follow from its declaration. */
export function problemsOf(operation: Operation): DeclaredProblem[] {
  const { access, organization, hasBody, type, mutationHeaders, versioned, secretAnswer } = operation;
  return [
    declared(errors.validation_failed()),
    ...(access === 'public' ? [] : [declared(errors.unauthenticated())]),
    ...(access === 'public' || operation.apiKey ? [] : [declared(apiKeyErrors.api_key_refused())]),
    ...(access === 'public' || operation.limitedSession ? [] : [declared(sessionLimits.session_limited())]),
    ...(access === 'permission' || access === 'instance' ? [declared(errors.permission_denied())] : []),
    ...(organization === 'none'
      ? []
      : [
          declared(tenancyErrors.organization_not_found()),
          declared(tenancyErrors.organization_inactive()),
          declared(tenancyErrors.session_cut_off()),
        ]),
    ...(organization === 'required'
      ? [declared(tenancyErrors.no_organization()), declared(tenancyErrors.organization_required())]
      : []),
    ...(operation.refreshCookie ? [problem('cross_site_request', 403)] : []),
    ...(hasBody || operation.kind === 'click'
      ? [problem('payload_too_large', 413), problem('unsupported_media_type', 415)]
      : []),
    ...(operation.resumable ? [problem('range_not_satisfiable', 416)] : []),
    ...(type === 'mutation' && mutationHeaders
      ? [declared(errors.idempotency_key_reused()), declared(errors.idempotency_in_progress())]
      : []),
    ...(secretAnswer ? [declared(errors.idempotency_secret_already_shown())] : []),
    ...(versioned ? [declared(errors.version_conflict()), declared(errors.precondition_failed())] : []),
    declared(errors.rate_limited()),
    declared(errors.internal()),
    declared(errors.database_busy()),
    declared(errors.database_unavailable()),
    declared(errors.storage_full()),
    ...operation.problems,
  ];
}
