import {
  apiKeyErrors,
  type DomainError,
  errors,
  type FieldError,
  type Permission,
  sessionLimits,
  tenancyErrors,
} from '@tenon/core';
import { z } from 'zod';
import type { RequestContext } from './context.ts';
import { invalid, kinds, wrongField } from './errors.ts';
import { inspect } from './input.ts';
import type { DeclaredProblem, Method, OperationKind, OperationMeta, OrganizationNeed } from './meta.ts';
import { pointer } from './pointer.ts';

export type InputSchema = z.ZodObject;
export type OutputSchema = z.ZodType;

/** The input of operations that take none. */
const noInput = z.strictObject({});
export type NoInput = typeof noInput;

/** A heading of the document. Each context names its own, beside its router. */
export interface Tag {
  readonly name: string;
  readonly description: string;
}

/** Written once for each operation: everything else is derived from it. */
export interface Declaration<Input extends InputSchema, Output extends OutputSchema> {
  /** Method and path below `/api/v1`. A PATCH answers PUT too. */
  rest: `${Method} /${string}`;
  /**
   * A permission, which needs an organization; or who administers the instance (`instance`); or anybody who is signed in
   * (`user`); or anybody (`public`).
   */
  access: Permission | 'instance' | 'user' | 'public';
  /** Whether an API key may call it, not only a person who is signed in. @default with a permission */
  apiKey?: boolean;
  /**
   * Whether a session may call it that began at an issuer of an organization, and does nothing to the account or beyond that
   * organization. @default with a permission, or where an API key may
   */
  limitedSession?: boolean;
  /** @default 'required' with a permission, 'none' otherwise */
  organization?: OrganizationNeed;
  /** Also in an organization that is not active, or with `deleted` in one in the trash. @default only in an active one */
  evenIf?: 'inactive' | 'deleted';
  tags: readonly Tag[];
  summary: string;
  description?: string;
  /**
   * The fields named in the path come from there, the others from the body, or from the query of GET and DELETE. Must be strict,
   * except for a redirect or a form: there another standard may say that unknown fields are ignored.
   */
  input?: Input;
  output?: Output;
  /** @default 200, or 204 without an output */
  status?: 200 | 201 | 202 | 204;
  /** The errors that only this operation answers; those that follow from the declaration need no mention. */
  problems?: readonly (() => DomainError)[];
}

/** Reads the input as the client sent it, and what its transport already found wrong with it. */
export interface RawInput {
  value: unknown;
  wrong?: FieldError[];
}

/** One call of an operation, by either transport. */
export interface Call {
  request: RequestContext;
  /** The operationId, which is the tRPC path. */
  name: string;
  rawInput: () => Promise<RawInput> | RawInput;
  /** The value for `{organizationId}`: it is needed before anything else of the input is looked at. */
  organizationInPath: () => unknown;
}

/** Where a created object is found, below `/api/v1`. Each takes the output of its own operation. */
type Locate = (output: never) => string;

export interface OperationParts {
  type: 'query' | 'mutation';
  /** @default 'json' */
  kind?: OperationKind;
  declaration: Declaration<InputSchema, OutputSchema>;
  versioned?: boolean;
  mutationHeaders?: boolean;
  secretAnswer?: boolean;
  restOnly?: boolean;
  refreshCookie?: boolean;
  location?: Locate;
  execute: (operation: Operation, call: Call) => Promise<unknown>;
}

/** What a redirect answers: the address that the browser goes to. */
const address = z.url();

/** What is known of a procedure at run time: its meta, its schemas and how to call it. */
export class Operation implements OperationMeta {
  readonly type: 'query' | 'mutation';
  readonly kind: OperationKind;
  readonly method: Method;
  readonly path: `/${string}`;
  /** The names in the path. */
  readonly parameters: ReadonlySet<string>;
  readonly tags: readonly string[];
  readonly tagsDescribed: readonly Tag[];
  readonly summary: string;
  readonly description: string | null;
  readonly access: 'public' | 'user' | 'instance' | 'permission';
  readonly permission: Permission | null;
  readonly apiKey: boolean;
  readonly limitedSession: boolean;
  readonly organization: OrganizationNeed;
  readonly evenIf: 'inactive' | 'deleted' | undefined;
  readonly status: number;
  readonly problems: readonly DeclaredProblem[];
  readonly versioned: boolean;
  readonly mutationHeaders: boolean;
  readonly secretAnswer: boolean;
  readonly restOnly: boolean;
  /** Whether the refresh cookie is a credential of it. */
  readonly refreshCookie: boolean;
  readonly input: InputSchema;
  /**
   * Whether fields that the input does not name are ignored, and empty ones count as missing: what OAuth 2.0 asks of whoever reads
   * its parameters (RFC 6749, section 3.1). Otherwise unknown fields are refused.
   */
  readonly ignoresUnknown: boolean;
  /** Null when it answers nothing. */
  readonly output: OutputSchema | null;
  /** Where a created object is found, when not at the operation's path and its id. */
  readonly location: Locate | null;
  readonly #execute: OperationParts['execute'];

  constructor(parts: OperationParts) {
    const { declaration } = parts;
    const [method, path] = splitRest(declaration.rest);
    this.type = parts.type;
    this.kind = parts.kind ?? 'json';
    this.method = method;
    this.path = path;
    this.parameters = new Set(Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1] ?? ''));
    this.tagsDescribed = declaration.tags;
    this.tags = declaration.tags.map(({ name }) => name);
    this.summary = declaration.summary;
    this.description = declaration.description ?? null;
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
    this.status = this.kind === 'redirect' ? 303 : (declaration.status ?? (this.output ? 200 : 204));
    this.versioned = parts.versioned ?? false;
    this.mutationHeaders = parts.mutationHeaders ?? parts.type === 'mutation';
    this.secretAnswer = parts.secretAnswer ?? false;
    this.restOnly = parts.restOnly ?? this.kind !== 'json';
    this.refreshCookie = parts.refreshCookie ?? false;
    this.location = parts.location ?? null;
    this.problems = (declaration.problems ?? []).map((make) => declared(make()));
    this.#execute = parts.execute;
    this.#check();
  }

  /** Whether its fields come in the body rather than in the query. */
  get hasBody(): boolean {
    return this.method !== 'GET' && this.method !== 'DELETE';
  }

  /** Points at a field of the input, given as property names, in the place where REST takes it from. */
  readonly pointerOf = (field: readonly PropertyKey[]): string => {
    const [name] = field;
    const place = typeof name === 'string' && this.parameters.has(name) ? 'path' : this.hasBody ? 'body' : 'query';
    return pointer(place, field);
  };

  /**
   * Parses what the client sent; nothing sent is an empty object.
   * @throws `validation_failed`
   */
  parse({ value = {}, wrong = [] }: RawInput): Record<string, unknown> {
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

  #check(): void {
    const where = `${this.method} ${this.path}`;
    if (this.kind === 'json' && this.ignoresUnknown) throw new Error(`${where}: the input must be strict.`);
    for (const name of this.parameters)
      if (!(name in this.input.shape)) throw new Error(`${where}: the input has no ${name}.`);
    // A question that is too long for an address is asked in a body.
    if (this.type === 'query' && !['GET', 'POST'].includes(this.method))
      throw new Error(`${where}: a query is a GET, or a POST.`);
    if (this.type === 'mutation' && this.method === 'GET' && this.kind !== 'redirect')
      throw new Error(`${where}: a GET changes nothing.`);
    // Some senders of forms take nothing but an empty 200 for a success.
    if (this.kind === 'json' && (this.status === 204) !== (this.output === null))
      throw new Error(`${where}: 204, and 204 alone, answers nothing.`);
  }
}

function splitRest(rest: `${Method} /${string}`): [Method, `/${string}`] {
  const match = /^(GET|POST|PUT|PATCH|DELETE) (\/\S*)$/.exec(rest);
  if (!match) throw new Error(`${rest} is not a method and a path.`);
  const [, method, path] = match;
  return [method as Method, path as `/${string}`];
}

const declared = ({ code, kind }: DomainError): DeclaredProblem => ({ code, status: kinds[kind].status });

const problem = (code: string, status: number): DeclaredProblem => ({ code, status });

/** Every problem that an operation may answer: its own, and those that follow from what it declares. */
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
    ...(hasBody ? [problem('payload_too_large', 413), problem('unsupported_media_type', 415)] : []),
    ...(type === 'mutation' && mutationHeaders
      ? [declared(errors.idempotency_key_reused()), declared(errors.idempotency_in_progress())]
      : []),
    ...(secretAnswer ? [declared(errors.idempotency_secret_already_shown())] : []),
    ...(versioned ? [declared(errors.version_conflict())] : []),
    declared(errors.rate_limited()),
    declared(errors.internal()),
    declared(errors.database_busy()),
    declared(errors.database_unavailable()),
    ...operation.problems,
  ];
}
