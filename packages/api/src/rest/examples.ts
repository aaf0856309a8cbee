import type { Json } from './json-schema.ts';

/**
 * What was sent to an operation and what it answered: the address of a redirect, and the first events of a stream. Each is absent where it
 * is a file, or nothing.
 */
export interface OperationExample {
  readonly request?: Json;
  readonly answer?: unknown;
}

/**
 * The examples of the document. A test of the contract records them in `examples.json` from calls of a server, and fails when the server
 * answers something else.
 */
export interface Examples {
  /** By operationId. */
  readonly operations: Readonly<Record<string, OperationExample>>;
  /** By code. */
  readonly problems: Readonly<Record<string, Json>>;
  /** The answer of a dry run. */
  readonly dryRun?: unknown;
}

export const noExamples: Examples = { operations: {}, problems: {} };
