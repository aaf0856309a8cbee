import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  Check,
  Download,
  EventStream,
  FileDownload,
  GeneratedDownload,
  IncomingFile,
  Job as CoreJob,
  ServiceContext,
} from '@tenon/core';
import {
  type AnyTRPCProcedure,
  initTRPC,
  type TRPCMutationProcedure,
  type TRPCQueryProcedure,
  type TRPCSubscriptionProcedure,
} from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { z } from 'zod';
import { requestContext, type RequestContext, type Transport } from './context.ts';
import { type ApiError, toApiError } from './errors.ts';
import { type Outcome, showOutcomes } from './bulk.ts';
import { executing, type Run, type Show } from './execute.ts';
import type { Context, ErrorShape, Job, OperationMeta, ProcedureTypes } from './meta.ts';
import {
  type Call,
  type Declaration,
  type InputSchema,
  type NoInput,
  Operation,
  type OperationParts,
  type OutputSchema,
  type SentEvents,
  type Tag,
} from './operation.ts';
import { heartbeatMs } from './http/event-stream.ts';
import { type Occurrence, toProblem } from './problem.ts';
import { trackedFrames } from './trpc-stream.ts';

/** The request that tRPC is answering. tRPC formats some errors before it has made a context. */
export const occurrences = new AsyncLocalStorage<Occurrence>();

export function toErrorShape(error: ApiError, occurrence: Occurrence, path?: string): ErrorShape {
  return {
    message: error.message,
    code: TRPC_ERROR_CODES_BY_KEY[error.code],
    data: {
      code: error.code,
      httpStatus: error.status,
      ...(path !== undefined && { path }),
      problem: toProblem(error, occurrence),
    },
  };
}

const t = initTRPC
  .context<Context>()
  .meta<OperationMeta>()
  .create({
    isDev: false,
    sse: {
      ping: { enabled: true, intervalMs: heartbeatMs },
      client: { reconnectAfterInactivityMs: 3 * heartbeatMs },
    },
    errorFormatter: ({ error, ctx, path }): ErrorShape =>
      toErrorShape(toApiError(error), occurrences.getStore() ?? { url: '', requestId: ctx?.requestId ?? '' }, path),
  });

export const { router } = t;

/** The call of an operation over tRPC. */
export function callOf(request: RequestContext, name: string, batchIndex: number, readInput: () => unknown): Call {
  return {
    request,
    name,
    rawInput: async () => ({ value: await readInput(), repeated: request.repeatedIn(batchIndex) }),
    organizationInPath: async () => {
      const input = await readInput();
      const named: unknown = typeof input === 'object' && input !== null ? Reflect.get(input, 'organizationId') : null;
      return named;
    },
  };
}

const procedure = t.procedure.use(({ ctx, path, getRawInput, batchIndex, next }) =>
  next({ ctx: { call: callOf(requestContext(ctx), path, batchIndex, getRawInput) } }),
);

/** When no field is required, the input may be left out. */
type ClientInput<Input extends InputSchema> =
  Record<never, never> extends z.input<Input> ? z.input<Input> | void : z.input<Input>;

/** An operation without an output answers `undefined`: tRPC treats `void` as a type that JSON cannot express. */
type ClientOutput<Output extends OutputSchema> = [z.output<Output>] extends [void] ? undefined : z.output<Output>;

interface QueryDeclaration<Input extends InputSchema, Output extends OutputSchema> extends Declaration<Input, Output> {
  run: (ctx: ServiceContext, input: z.output<Input>) => Promise<z.output<Output>>;
}

interface ReadingDeclaration<Input extends InputSchema, Output extends OutputSchema> extends QueryDeclaration<
  Input,
  Output
> {
  /**
   * Whether nothing in the answer can change without the version: no names of people, no counts, nothing that is derived from other rows.
   * Then the version alone says whether a client has the answer; otherwise the ETag that it revalidates with contains a digest.
   * @default false
   */
  revalidates?: boolean;
}

interface Writing<Output extends OutputSchema> {
  /** Whether it takes If-Match, because its target has a version. */
  versioned?: boolean;
  /** Whether its answer contains a secret. Such an answer is not stored for a replay. */
  secretAnswer?: boolean;
  /** The path of the created object, below `/api/v1`. @default the operation's path and the output's `id` */
  location?: (output: z.output<Output>) => `/${string}`;
  /** Whether it takes Idempotency-Key, If-Match and Dry-Run; otherwise it refuses them. @default true, false for `restMutation` */
  mutationHeaders?: boolean;
}

interface MutationDeclaration<Input extends InputSchema, Output extends OutputSchema, Long extends boolean>
  extends Declaration<Input, Output>, Writing<Output> {
  /**
   * Whether it may take long. The service then starts a job and answers that instead of the output, and REST answers 202 with its
   * Location. @default false
   */
  long?: Long;
  run: (ctx: ServiceContext, input: z.output<Input>) => Promise<z.output<Output> | If<Long, CoreJob>>;
}

interface BulkDeclaration<Input extends InputSchema, Output extends OutputSchema> extends Omit<
  Declaration<Input, Output>,
  'status'
> {
  rest: `POST /${string}`;
  /** The status in the answer of a row that was not refused. */
  rowStatus: 200 | 201;
  run: (ctx: ServiceContext, input: z.output<Input>) => Promise<readonly Outcome[]>;
}

type If<Condition extends boolean, Then> = Condition extends true ? Then : never;

/** The service function of an operation that exists over REST only: it may use cookies. */
type RestRun<Input extends InputSchema, Result> = (
  ctx: ServiceContext,
  input: z.output<Input>,
  transport: Transport,
) => Promise<Result>;

interface RestMutationDeclaration<Input extends InputSchema, Output extends OutputSchema>
  extends Declaration<Input, Output>, Writing<Output> {
  /** Whether the refresh cookie can replace the access token. */
  refreshCookie?: boolean;
  run: RestRun<Input, z.output<Output>>;
}

interface RedirectDeclaration<Input extends InputSchema> extends Omit<
  Declaration<Input, OutputSchema>,
  'output' | 'status'
> {
  rest: `GET /${string}`;
  /** Answers the whole address that the browser goes to. */
  run: RestRun<Input, string>;
}

interface FormDeclaration<Input extends InputSchema, Output extends OutputSchema> extends Declaration<Input, Output> {
  rest: `POST /${string}`;
  run: RestRun<Input, z.output<Output>>;
}

interface UploadDeclaration<Input extends InputSchema, Output extends OutputSchema>
  extends Declaration<Input, Output>, Pick<Writing<Output>, 'location' | 'versioned'> {
  rest: `POST /${string}` | `PUT /${string}`;
  /** Checks what it can before it reads the file. An Idempotency-Key must be compared with the content of the file too. */
  run: (ctx: ServiceContext, input: z.output<Input>, file: IncomingFile) => Promise<z.output<Output>>;
}

interface DownloadDeclaration<Input extends InputSchema, Answered extends Download> extends Omit<
  Declaration<Input, OutputSchema>,
  'output' | 'status'
> {
  rest: `GET /${string}`;
  run: (ctx: ServiceContext, input: z.output<Input>) => Promise<Answered>;
}

interface StreamDeclaration<Input extends InputSchema, Output extends OutputSchema> extends Omit<
  Declaration<Input, Output>,
  'status'
> {
  rest: `GET /${string}`;
  /** What tRPC sends, one after the other. */
  output: Output;
  events: SentEvents;
  /** Answers when the stream has begun. `check` answers who the reader is by now, and throws when they may not read any more. */
  run: (ctx: ServiceContext, input: z.output<Input>, check: Check) => Promise<EventStream>;
}

/** The functions that declare the operations under one heading of the document. */
export const heading = (tag: Tag) => ({
  /** Declares a procedure that reads. */
  query: <Output extends OutputSchema, Input extends InputSchema = NoInput>(
    declaration: ReadingDeclaration<Input, Output>,
  ): TRPCQueryProcedure<ProcedureTypes<ClientInput<Input>, ClientOutput<Output>>> => {
    const { run, revalidates = false } = declaration;
    const operation = new Operation({ type: 'query', tag, declaration, revalidates, execute: executing(run) });
    return typed(procedure.meta(operation).query(({ ctx }) => operation.call(ctx.call)));
  },

  /** Declares a procedure that changes something. */
  mutation: <
    Input extends InputSchema = NoInput,
    Output extends OutputSchema = z.ZodVoid,
    Long extends boolean = false,
  >(
    declaration: MutationDeclaration<Input, Output, Long>,
  ): TRPCMutationProcedure<ProcedureTypes<ClientInput<Input>, ClientOutput<Output> | If<Long, Job>>> =>
    writing(declaration, declaration.run, { tag, long: declaration.long ?? false }),

  /** Declares a mutation of many rows. Those that it refuses have problems in its answer, for which `output` is a `bulkAnswer`. */
  bulk: <Input extends InputSchema, Output extends OutputSchema>(
    declaration: BulkDeclaration<Input, Output>,
  ): TRPCMutationProcedure<ProcedureTypes<ClientInput<Input>, ClientOutput<Output>>> => {
    const show: Show = (outcomes, problemOf) => showOutcomes(outcomes, declaration.rowStatus, problemOf);
    return writing(declaration, declaration.run, { tag, execute: executing(declaration.run, show) });
  },

  /** Declares a mutation that exists over REST only, because it reads or sets cookies. */
  restMutation: <Input extends InputSchema = NoInput, Output extends OutputSchema = z.ZodVoid>(
    declaration: RestMutationDeclaration<Input, Output>,
  ): TRPCMutationProcedure<ProcedureTypes<ClientInput<Input>, ClientOutput<Output>>> => {
    const { refreshCookie = false, mutationHeaders = false } = declaration;
    return writing(declaration, declaration.run, { tag, restOnly: true, refreshCookie, mutationHeaders });
  },

  /** Declares a GET that writes and answers 303 with the address that the browser goes to. It takes no mutation headers. */
  redirect: <Input extends InputSchema = NoInput>(
    declaration: RedirectDeclaration<Input>,
  ): TRPCMutationProcedure<ProcedureTypes<ClientInput<Input>, string, 'redirect'>> =>
    writing(declaration, declaration.run, { tag, kind: 'redirect', mutationHeaders: false }),

  /** Declares a mutation that takes `application/x-www-form-urlencoded`. It takes no mutation headers. */
  form: <Input extends InputSchema = NoInput, Output extends OutputSchema = z.ZodVoid>(
    declaration: FormDeclaration<Input, Output>,
  ): TRPCMutationProcedure<ProcedureTypes<ClientInput<Input>, ClientOutput<Output>, 'form'>> =>
    writing(declaration, declaration.run, { tag, kind: 'form', mutationHeaders: false }),

  /** Declares a POST to an address from a mail, which contains all fields. It ignores the body, and takes no mutation headers. */
  click: <Input extends InputSchema = NoInput, Output extends OutputSchema = z.ZodVoid>(
    declaration: FormDeclaration<Input, Output>,
  ): TRPCMutationProcedure<ProcedureTypes<ClientInput<Input>, ClientOutput<Output>, 'click'>> =>
    writing(declaration, declaration.run, { tag, kind: 'click', mutationHeaders: false }),

  /** Declares a mutation that takes a file as the part `file` of `multipart/form-data`. */
  upload: <Output extends OutputSchema, Input extends InputSchema = NoInput>(
    declaration: UploadDeclaration<Input, Output>,
  ): TRPCMutationProcedure<ProcedureTypes<ClientInput<Input>, ClientOutput<Output>, 'upload'>> => {
    const run: RestRun<Input, z.output<Output>> = (ctx, input, { upload }) => declaration.run(ctx, input, upload);
    return writing(declaration, run, { tag, kind: 'upload' });
  },

  /** Declares a GET that answers a stored file. It takes Range, If-Range and If-None-Match. */
  download: <Input extends InputSchema = NoInput>(
    declaration: DownloadDeclaration<Input, FileDownload>,
  ): TRPCQueryProcedure<ProcedureTypes<ClientInput<Input>, undefined, 'download'>> =>
    downloading(declaration, declaration.run, { tag, resumable: true }),

  /** Declares a GET that answers a file that is made while it is sent. Its length is unknown, so it takes none of these headers. */
  generatedDownload: <Input extends InputSchema = NoInput>(
    declaration: DownloadDeclaration<Input, GeneratedDownload>,
  ): TRPCQueryProcedure<ProcedureTypes<ClientInput<Input>, undefined, 'download'>> =>
    downloading(declaration, declaration.run, { tag }),

  /** Declares a GET that answers Server-Sent Events, and a subscription of tRPC. */
  stream: <Output extends OutputSchema, Input extends InputSchema = NoInput>(
    declaration: StreamDeclaration<Input, Output>,
  ): TRPCSubscriptionProcedure<
    ProcedureTypes<ClientInput<Input>, AsyncIterable<{ id: string; data: z.output<Output> }, void, unknown>, 'stream'>
  > => {
    const { events, run } = declaration;
    const execute = executing(run);
    const operation = new Operation({ type: 'query', tag, kind: 'stream', declaration, events, execute });
    return typed(
      procedure
        .meta(operation)
        .subscription(async ({ ctx, signal }) =>
          trackedFrames((await operation.call(ctx.call)) as EventStream, signal),
        ),
    );
  },
});

function downloading<Procedure extends AnyTRPCProcedure>(
  declaration: Declaration<InputSchema, OutputSchema>,
  run: Run,
  more: Pick<OperationParts, 'tag' | 'resumable'>,
): Procedure {
  const execute = executing(run);
  const operation = new Operation({ type: 'query', kind: 'download', declaration, execute, ...more });
  return typed(procedure.meta(operation).query(({ ctx }) => operation.call(ctx.call)));
}

function writing<Procedure extends AnyTRPCProcedure>(
  declaration: Declaration<InputSchema, OutputSchema> & Writing<never>,
  run: Run,
  more: Pick<OperationParts, 'tag'> & Partial<OperationParts>,
): Procedure {
  const { versioned = false, secretAnswer = false, mutationHeaders = true, location } = declaration;
  const operation = new Operation({
    type: 'mutation',
    declaration,
    execute: executing(run),
    versioned,
    secretAnswer,
    mutationHeaders,
    ...(location && { location }),
    ...more,
  });
  return typed(procedure.meta(operation).mutation(({ ctx }) => operation.call(ctx.call)));
}

/**
 * The cast that the builders share. tRPC infers the types of a procedure from the parsers that it runs. Our schemas run in
 * `execute`, once for both transports, so the builders state the types. They take them from the same schemas.
 */
function typed<Procedure>(built: AnyTRPCProcedure): Procedure {
  return built as unknown as Procedure;
}
