import type { DownloadedFile } from './files.ts';
import type { List, Page } from './list.ts';
import type { FileSource } from './multipart.ts';
import type { CallOptions, DownloadOptions, DryRunOptions, MutationOptions, UploadOptions } from './options.ts';
import type { Call } from './responses.ts';

/** An event that a dry run would have recorded. */
export interface DryRunEvent {
  /** `entity.past_tense`, such as `task.created`. More types will be added. */
  type: string;
  /** What it is about. */
  entity: {
    /** The kind, such as `task`. */
    type: string;
    /** The id of the entity. */
    id: string;
  };
  /** The fields that an update would have changed. */
  changes: Record<
    string,
    {
      /** The value before. */
      from: unknown;
      /** The value after. */
      to: unknown;
    }
  >;
  /** What the event tells beside the changes. */
  data: Record<string, unknown>;
}

/** The answer of a dry run. */
export interface DryRun<Output> {
  /** Always true. It tells a dry run from an answer. */
  dryRun: true;
  /** What the call would have answered; null when it answers nothing. */
  result: Output;
  /** The events that it would have recorded. */
  events: DryRunEvent[];
}

/** A call that reads. A list can also be iterated. */
export type QueryCall<Input, Output> = (
  input: Input,
  options?: CallOptions,
) => Output extends Page<unknown> ? List<Output> : Call<Output>;

/** A call that changes something. It acts once, however often it is sent. */
export interface MutationCall<Input, Output> {
  (input: Input, options: DryRunOptions): Call<DryRun<Output extends void ? null : Output>>;
  (input: Input, options?: MutationOptions & { dryRun?: false | undefined }): Call<Output>;
  (input: Input, options: MutationOptions): Call<Output | DryRun<Output extends void ? null : Output>>;
}

/** A call of `auth`. It is sent once, and never as a dry run. */
export type AuthCall<Input, Output> = (input: Input, options?: CallOptions) => Call<Output>;

/** Answers the URL to send the browser to. Nothing is sent. */
export type RedirectCall<Input> = (input: Input) => string;

/** The input of an upload. Where it has one field, the value of this field alone is enough. */
type Target<Input> =
  | Input
  | { [Field in keyof Input]: [keyof Input] extends [Field] ? Input[Field] : never }[keyof Input];

/** Sends a file. */
export type UploadCall<Input, Output> = (
  target: Target<Input>,
  file: FileSource,
  options?: UploadOptions,
) => Call<Output>;

/** Answers a file whose bytes are still to be read. */
export type DownloadCall<Input> = (input: Input, options?: DownloadOptions) => Call<DownloadedFile>;

/** A procedure, as the router's type describes it. */
interface Procedure<Type, Input, Output> {
  _def: { type: Type; $types: { input: Input; output: Output } };
}

/** A procedure whose kind is not `json`. */
interface OfKind<Kind> {
  meta: { kind: Kind };
}

/** Forms and clicks are left out: other systems send them, in the form that a standard prescribes. Streams have an entry of their own. */
type Context<Procedures, Name> = {
  readonly [
    Key in keyof Procedures as Procedures[Key] extends OfKind<'form' | 'click' | 'stream'> ? never : Key
  ]: Procedures[Key] extends Procedure<'query', infer Input, infer Output>
    ? Procedures[Key] extends OfKind<'download'>
      ? DownloadCall<Input>
      : QueryCall<Input, Output>
    : Procedures[Key] extends Procedure<'mutation', infer Input, infer Output>
      ? Procedures[Key] extends OfKind<'redirect'>
        ? RedirectCall<Input>
        : Procedures[Key] extends OfKind<'upload'>
          ? UploadCall<Input, Output>
          : Name extends 'auth'
            ? AuthCall<Input, Output>
            : MutationCall<Input, Output>
      : never;
};

/** Every operation of a router, by the two parts of its operationId. */
export type Calls<Contexts> = { readonly [Name in keyof Contexts]: Context<Contexts[Name], Name> };

/** What each operation takes. */
export type InputsOf<Contexts> = {
  [Name in keyof Contexts]: {
    [Key in keyof Contexts[Name]]: Contexts[Name][Key] extends Procedure<unknown, infer Input, unknown>
      ? Exclude<Input, void>
      : never;
  };
};

/** What each operation answers. */
export type OutputsOf<Contexts> = {
  [Name in keyof Contexts]: {
    [Key in keyof Contexts[Name]]: Contexts[Name][Key] extends Procedure<unknown, unknown, infer Output>
      ? Output
      : never;
  };
};
