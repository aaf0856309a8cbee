import { capitalized, deprecationNotice, type Operation, problemsOf } from '@tenon/api';
import { comment, type Json, literal, SchemaTypes, union } from './schema-types.ts';

/** An operation, and its input and output for `SchemaTypes.write`. The output is null when it answers nothing. */
interface Described {
  readonly context: string;
  readonly name: string;
  readonly id: string;
  readonly operation: Operation;
  readonly input: Json;
  readonly output: Json | null;
}

const head = `/* Written by build/api-types.ts, from the declarations of the operations. */
import type {
  TRPCBuiltRouter,
  TRPCDefaultErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from '@trpc/server';
import type { AuthCall, DownloadCall, MutationCall, QueryCall, RedirectCall, UploadCall } from './types.ts';

/** One wrong field. */
export type ProblemField = NonNullable<Problem['errors']>[number];

/** A value that a subscription sends. */
export interface Tracked<Data> {
  /** Its place in the stream. A client that connects again names the last one that it has received. */
  id: string;
  /** The value. */
  data: Data;
}

/** The types from which tRPC infers clients. */
interface Types<Input, Output, Kind extends string> {
  /** What the procedure takes. */
  input: Input;
  /** What the procedure answers. */
  output: Output;
  /** How it is called. Only procedures of the kinds \`json\` and \`stream\` are served over tRPC. */
  meta: {
    /** The kind of the operation. */
    readonly kind: Kind;
  };
  /** How it fails. */
  errorShape: ErrorShape;
}

/** An error as tRPC's own client receives it. */
export interface ErrorShape extends TRPCDefaultErrorShape {
  /** What tRPC says about the error, and the problem as REST answers it. */
  data: TRPCDefaultErrorShape['data'] & {
    /** The problem as REST answers it. */
    problem: Problem;
  };
}

/** The router of the API, for tRPC's own clients: \`createTRPCOptionsProxy<AppRouter>({ client: tenon.trpc, queryClient })\`. */
export type AppRouter = TRPCBuiltRouter<
  { ctx: object; meta: { readonly kind: string }; errorShape: ErrorShape; transformer: false },
  Procedures
>;

/** The codes of errors that a call of this operation may reject with: \`ErrorCodeOf<'tasks.create'>\`. */
export type ErrorCodeOf<OperationId extends keyof ErrorCodes> = ErrorCodes[OperationId];
`;

/** The codes of errors that the client itself makes. */
const ownCodes = [literal('connection_failed'), literal('timed_out'), '`http_${number}`'];

/** The same name as in the OpenAPI document: \`TasksUpdateManyInput\` for \`tasks.updateMany\`. */
const named = ({ context, name }: Pick<Described, 'context' | 'name'>, part: 'Input' | 'Output'): string =>
  capitalized(context) + capitalized(name) + part;

/** A sentence, although headings have no full stop. */
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/**
 * Writes the types of the API as the package publishes them: what tRPC infers from the router, with a name for each schema and a comment on
 * each operation and field.
 */
export function apiTypes(operations: ReadonlyMap<string, Operation>): string {
  const types = new SchemaTypes();
  const all = Array.from(operations, ([id, operation]): Described => {
    const [context = '', name = ''] = id.split('.');
    const { input, output } = operation;
    return {
      context,
      name,
      id,
      operation,
      input: types.add(input, 'input', named({ context, name }, 'Input')),
      output: output && types.add(output, 'output', named({ context, name }, 'Output')),
    };
  });
  const schemas = types.declarations();
  const common = commonCodes(all);
  const writer = new OperationTypes(types, common);
  const contexts = [...Map.groupBy(all, ({ context }) => context)];

  const section = (
    head: string,
    description: string,
    write: (described: Described) => string | null,
    describe: (described: Described) => string[],
  ): string => {
    const members = contexts.map(([context, within]) => {
      const inner = within.flatMap((described) => {
        const type = write(described);
        return type === null ? [] : [`${comment(describe(described), '    ')}    ${described.name}: ${type};\n`];
      });
      return `${comment([tagOf(within)], '  ')}  ${context}: {\n${inner.join('')}  };\n`;
    });
    return `${comment([description], '')}${head} {\n${members.join('')}}\n`;
  };

  const summary = ({ operation }: Described) => [sentence(operation.summary)];
  const calls = contexts.map(([context, within]) => {
    const members = within.flatMap((described) => {
      const type = writer.call(described);
      return type === null
        ? []
        : [`${comment(writer.describe(described), '  ')}  readonly ${described.name}: ${type};\n`];
    });
    return `${comment([tagOf(within)], '')}export interface ${capitalized(context)}Operations {\n${members.join('')}}\n`;
  });
  const operationsOf = contexts.map(
    ([context, within]) =>
      `${comment([tagOf(within)], '  ')}  readonly ${context}: ${capitalized(context)}Operations;\n`,
  );
  const codes = all.map(
    (described) =>
      `${comment(summary(described), '  ')}  '${described.id}': ${union([...writer.codes(described).map(literal), 'CommonErrorCode'])};\n`,
  );
  return [
    head,
    schemas,
    ...calls,
    `/** Every operation of the API, by its operationId. */\nexport interface Operations {\n${operationsOf.join('')}}\n`,
    section(
      'export interface Inputs',
      "What each operation takes: `Inputs['tasks']['create']`.",
      writer.input,
      summary,
    ),
    section(
      'export interface Outputs',
      "What each operation answers: `Outputs['tasks']['get']`.",
      writer.output,
      summary,
    ),
    // An interface would have no index signature, which tRPC asks for.
    section('type Procedures =', 'The procedures of the router.', writer.procedure, summary),
    `/** The codes of errors that every call may reject with, those of the client itself and of a proxy before the server included. */\nexport type CommonErrorCode = ${union([...ownCodes, ...[...common].map(literal)])};\n`,
    `/** The codes of errors by operation. */\nexport interface ErrorCodes {\n${codes.join('')}}\n`,
  ].join('\n');
}

const tagOf = ([first]: readonly Described[]): string => first?.operation.tag.description ?? '';

/** The codes that every operation may answer. */
function commonCodes([first, ...others]: readonly Described[]): ReadonlySet<string> {
  const codesOf = ({ operation }: Described) => problemsOf(operation).map(({ code }) => code);
  const sets = others.map((described) => new Set(codesOf(described)));
  return new Set(first ? codesOf(first).filter((code) => sets.every((set) => set.has(code))) : []);
}

/** Writes the types of single operations. */
class OperationTypes {
  readonly #types: SchemaTypes;
  readonly #common: ReadonlySet<string>;

  constructor(types: SchemaTypes, common: ReadonlySet<string>) {
    this.#types = types;
    this.#common = common;
  }

  /** The codes that not every operation has. Those that it declares itself come first. */
  readonly codes = ({ operation }: Described): string[] => {
    const codes = [...operation.problems, ...problemsOf(operation)].map(({ code }) => code);
    return [...new Set(codes)].filter((code) => !this.#common.has(code));
  };

  readonly describe = (described: Described): string[] => {
    const { operation } = described;
    const { method, path, permission, description, deprecated } = operation;
    const needs = permission === null ? [] : [`Permission: \`${permission}\`.`];
    const codes = [...this.codes(described).map((code) => `\`${code}\``), 'a {@link CommonErrorCode}'];
    return [
      sentence(operation.summary),
      '',
      ...(description === null ? [] : [description, '']),
      [`\`${method} ${path}\`.`, ...needs].join(' '),
      '',
      `@throws {TenonError} Its \`code\` is ${codes.slice(0, -1).join(', ')}${codes.length > 1 ? ' or ' : ''}${codes.at(-1)}.`,
      ...(deprecated === null ? [] : [`@deprecated ${deprecationNotice(deprecated)}`]),
    ];
  };

  readonly input = ({ input }: Described): string => this.#types.write(input, 'input');

  /** What a client passes, which may be nothing when no field is required. */
  readonly #passed = (described: Described): string =>
    union([...(this.#types.isOptional(described.input, 'input') ? ['void'] : []), this.input(described)]);

  readonly output = ({ operation, output }: Described): string => {
    const type = output === null ? 'undefined' : this.#types.write(output, 'output', '    ');
    if (operation.kind === 'stream') return `AsyncIterable<Tracked<${type}>, void, unknown>`;
    return operation.long ? union([type, 'Job']) : type;
  };

  readonly procedure = (described: Described): string => {
    const { operation } = described;
    const kind = operation.kind === 'stream' ? 'Subscription' : capitalized(operation.type);
    return `TRPC${kind}Procedure<Types<${this.#passed(described)}, ${this.output(described)}, '${operation.kind}'>>`;
  };

  /** Null when the client has no such call: see \`Calls\` in types.ts. */
  readonly call = (described: Described): string | null => {
    const { context, operation } = described;
    const input = this.#passed(described);
    const output = this.output(described);
    if (operation.kind === 'form' || operation.kind === 'click' || operation.kind === 'stream') return null;
    if (operation.kind === 'download') return `DownloadCall<${input}>`;
    if (operation.kind === 'redirect') return `RedirectCall<${input}>`;
    if (operation.kind === 'upload') return `UploadCall<${input}, ${output}>`;
    if (operation.type === 'query') return `QueryCall<${input}, ${output}>`;
    return `${context === 'auth' ? 'AuthCall' : 'MutationCall'}<${input}, ${output}>`;
  };
}
