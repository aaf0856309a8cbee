import { type ChainProblem, type ChainRow, checkChain } from '@tenon/core/chain';

/** A row of an audit trail, as `audit.list` answers it and an export has it in each line. */
export type AuditRow = ChainRow;

/** What is wrong with a trail. `sequence` is the first place at which it is not as it was. */
export type AuditProblem = ChainProblem;

/** What is known about a trail. */
export interface VerifyOptions {
  /** A head that you have kept: from `audit.head`, from an event `audit.head_published`, or from the log of the server. */
  head?:
    | {
        /** The place of the last row. */
        readonly sequence: number;
        /** The hash of the last row. */
        readonly hash: string;
      }
    | undefined;
  /** The sequence at which the export begins. Then nothing is known about what comes before. @default 1 */
  from?: number | undefined;
}

/** What was found in a trail. */
export interface AuditVerification {
  /** Whether there is no problem. */
  readonly valid: boolean;
  /** How many rows are as they were, up to the first problem. */
  readonly checked: number;
  /** How many of them have no payload, because it was erased or withheld from whoever exported them. */
  readonly erased: number;
  /** The last of these rows. Null when there is none. */
  readonly head: {
    /** The organization of the trail. */
    readonly organizationId: string;
    /** The place of the row. */
    readonly sequence: number;
    /** The hash of the row. */
    readonly hash: string;
    /** When its event happened: ISO 8601 in UTC. */
    readonly at: string;
  } | null;
  /** The first problem. Null when there is none. */
  readonly problem: AuditProblem | null;
}

/** JSONL, as a text or as it arrives, or its rows. */
export type AuditTrail = string | ReadableStream<Uint8Array> | Iterable<AuditRow> | AsyncIterable<AuditRow>;

const texts = ['id', 'organizationId', 'type', 'at', 'requestId', 'payloadHash', 'previousHash', 'hash'];

function isRow(value: unknown): value is AuditRow {
  if (typeof value !== 'object' || value === null) return false;
  const isText = (name: string): boolean => typeof Reflect.get(value, name) === 'string';
  return Number.isInteger(Reflect.get(value, 'sequence')) && texts.every(isText);
}

/** @throws TypeError when a line is no row */
function rowOf(line: string, number: number): AuditRow {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    // What is no JSON is no row either.
  }
  if (!isRow(row)) throw new TypeError(`Line ${number} is not a row of an audit trail.`);
  return row;
}

async function* textsOf(trail: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = trail.getReader();
  const decoder = new TextDecoder();
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read())
      yield decoder.decode(value, { stream: true });
  } finally {
    await reader.cancel();
  }
}

async function* readLines(trail: string | ReadableStream<Uint8Array>): AsyncGenerator<AuditRow> {
  let [rest, number] = ['', 0];
  for await (const text of typeof trail === 'string' ? [trail] : textsOf(trail)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield rowOf(line, ++number);
  }
  if (rest !== '') yield rowOf(rest, ++number);
}

const digest = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

/**
 * Verifies an exported audit trail, without asking the server.
 * @throws TypeError when a line of JSONL is no row, for example because the download was interrupted
 *
 * @example
 * const { body } = await tenon.audit.export({});
 * const { valid, problem } = await verifyAuditTrail(body, { head });
 */
export async function verifyAuditTrail(trail: AuditTrail, options: VerifyOptions = {}): Promise<AuditVerification> {
  const rows = typeof trail === 'string' || trail instanceof ReadableStream ? readLines(trail) : trail;
  const { checked, erased, last, problem } = await checkChain(rows, digest, options);
  const head = last && {
    organizationId: last.organizationId,
    sequence: last.sequence,
    hash: last.hash,
    at: last.at,
  };
  return { valid: problem === null, checked, erased, head, problem };
}
