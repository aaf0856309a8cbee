import { canonicalJson } from '../kernel/canonical-json.ts';

/*
 * Checks the chain of an audit trail. The server does it on its database, and the SDK on an export, so it uses no Node APIs and imports
 * nothing that does.
 */

/** What an event is about. */
export interface ChainedEntity {
  /** The kind, such as `task`. */
  readonly type: string;
  /** The id of the entity. */
  readonly id: string;
}

/** What the hash of an event is made of, beside the hash before it. */
export interface ChainedEvent {
  /** Its place in the chain, counted from 1. */
  readonly sequence: number;
  /** The id of the event. */
  readonly id: string;
  /** The organization in which it happened. */
  readonly organizationId: string;
  /** What happened, such as `task.created`. */
  readonly type: string;
  /** When it happened: ISO 8601 in UTC. */
  readonly at: string;
  /** The user who did it. Null is the system. */
  readonly actorId: string | null;
  /** The API key by which they did it. Null without one. */
  readonly apiKeyId: string | null;
  /** What it is about. */
  readonly entity: ChainedEntity;
  /** What it also belongs to, such as the task of a comment. Null when there is nothing. */
  readonly parent: ChainedEntity | null;
  /** The request in which it happened. */
  readonly requestId: string;
  /** SHA-256 of salt and payload, as base64url. */
  readonly payloadHash: string;
}

/** A row of the audit trail. */
export interface ChainRow extends ChainedEvent {
  /** 16 random bytes. Null when there is no payload. */
  readonly salt: string | null;
  /** What the event tells. Null when it was erased, or is withheld from the reader. */
  readonly payload: object | null;
  /** The hash of the row before it, as base64url. */
  readonly previousHash: string;
  /** SHA-256 of the row and the hash before it, as base64url. */
  readonly hash: string;
}

/** The end of a chain. */
export interface ChainHead {
  /** The place of the last row. */
  readonly sequence: number;
  /** The hash of the last row. */
  readonly hash: string;
}

export type ChainProblemKind = 'altered' | 'missing' | 'inserted' | 'reordered' | 'truncated';

export interface ChainProblem {
  /** The first place at which the chain is not as it was. */
  readonly sequence: number;
  /** What is wrong there. */
  readonly kind: ChainProblemKind;
}

export interface ChainCheck {
  /** How many rows are as they were, up to the first problem. */
  readonly checked: number;
  /** How many of them have no payload. */
  readonly erased: number;
  /** The last of them. Null when there is none. */
  readonly last: ChainRow | null;
  /** The first problem. Null when there is none. */
  readonly problem: ChainProblem | null;
}

/** Computes SHA-256. */
export type Digest = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array | Promise<Uint8Array>;

/** The hash before the first event of an organization: 32 zero bytes. */
export const firstPreviousHash = 'A'.repeat(43);

/** The text whose hash continues the chain. */
export function chainedText(event: ChainedEvent): string {
  const { sequence, id, organizationId, type, at, actorId, apiKeyId, entity, parent, requestId, payloadHash } = event;
  return canonicalJson({
    sequence,
    id,
    organizationId,
    type,
    at,
    actorId,
    apiKeyId,
    entity,
    parent,
    requestId,
    payloadHash,
  });
}

/** How many rows after a problem are looked at to name it. */
const lookAhead = 200;

const encoder = new TextEncoder();

/** Reads base64url. Text that is none becomes no bytes, which have no valid hash. */
function bytesOf(text: string): Uint8Array {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return new Uint8Array();
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
}

const textOf = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** Checks the rows of one chain, in their order. */
class ChainChecker {
  readonly #digest: Digest;

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  async #hash(before: string, text: string): Promise<string> {
    const [first, second] = [bytesOf(before), encoder.encode(text)];
    const bytes = new Uint8Array(first.length + second.length);
    bytes.set(first);
    bytes.set(second, first.length);
    return textOf(await this.#digest(bytes));
  }

  /** The hash that a row has at a place in the chain. */
  hashAt(row: ChainRow, sequence: number, previousHash: string): Promise<string> {
    return this.#hash(previousHash, chainedText({ ...row, sequence }));
  }

  async hasItsPayload({ salt, payload, payloadHash }: ChainRow): Promise<boolean> {
    if (payload === null) return true;
    return salt !== null && (await this.#hash(salt, canonicalJson(payload))) === payloadHash;
  }

  /**
   * Says what was done to a chain whose next row is not the one that continues it.
   * @param rows that row and some after it
   */
  async kindOf(rows: readonly ChainRow[], sequence: number, previousHash: string): Promise<ChainProblemKind> {
    const [row, ...others] = rows;
    if (!row) return 'missing';
    if (row.sequence < sequence) return 'inserted';
    if (row.sequence > sequence) return others.some((other) => other.sequence === sequence) ? 'reordered' : 'missing';
    for (const [index, other] of others.entries()) {
      const hash = await this.hashAt(other, sequence, previousHash);
      // Either the events were exchanged and the hashes left, or whole rows were moved and numbered anew.
      if (hash !== row.hash && hash !== other.hash) continue;
      const isNext = index === 0 && hash === other.hash;
      return isNext && !(await this.#isFromElsewhere(row, others)) ? 'inserted' : 'reordered';
    }
    // The rows behind one that was removed may have got lower numbers.
    const [next] = others;
    for (let removed = 1; next && removed <= lookAhead; removed++)
      if ((await this.hashAt(next, next.sequence + removed, row.hash)) === next.hash) return 'missing';
    return 'altered';
  }

  /** Whether a row belongs behind one of some others. */
  async #isFromElsewhere(row: ChainRow, others: readonly ChainRow[]): Promise<boolean> {
    for (const { sequence, hash } of others)
      for (const place of [sequence, sequence + 1]) if ((await this.hashAt(row, place, hash)) === row.hash) return true;
    return false;
  }
}

/**
 * Checks that each row continues the chain, and that payloads are what they were.
 * @param rows in the order of the chain, without those whose event is gone
 * @param head what the end of the chain was at some time. It shows that the end was cut off, or the whole chain written anew.
 * @param from the sequence of the first row. When it is not 1, the first row is taken to continue the chain.
 */
export async function checkChain(
  rows: AsyncIterable<ChainRow> | Iterable<ChainRow>,
  digest: Digest,
  { head = null, from = 1 }: { head?: ChainHead | null | undefined; from?: number | undefined } = {},
): Promise<ChainCheck> {
  const checker = new ChainChecker(digest);
  const ahead: ChainRow[] = [];
  let [checked, erased] = [0, 0];
  let last: ChainRow | null = null;
  let headHash: string | null = null;
  const stop = (kind: ChainProblemKind, sequence: number): ChainCheck => ({
    checked,
    erased,
    last,
    problem: { kind, sequence },
  });

  /** Answers the problem of the next row, or null. */
  const checkNext = async (): Promise<ChainCheck | null> => {
    const [row] = ahead;
    if (!row) return null;
    const sequence = from + checked;
    const previousHash: string = last?.hash ?? (from === 1 ? firstPreviousHash : row.previousHash);
    const continues =
      row.sequence === sequence &&
      row.previousHash === previousHash &&
      (await checker.hashAt(row, sequence, previousHash)) === row.hash;
    if (!continues) return stop(await checker.kindOf(ahead, sequence, previousHash), sequence);
    if (!(await checker.hasItsPayload(row))) return stop('altered', sequence);
    ahead.shift();
    checked++;
    if (row.payload === null) erased++;
    if (sequence === head?.sequence) headHash = row.hash;
    last = row;
    return null;
  };

  for await (const row of rows) {
    ahead.push(row);
    const problem = ahead.length > lookAhead ? await checkNext() : null;
    if (problem) return problem;
  }
  while (ahead.length > 0) {
    const problem = await checkNext();
    if (problem) return problem;
  }
  const end = from + checked;
  if (head && head.sequence >= end) return stop('truncated', end);
  if (head && head.sequence >= from && headHash !== head.hash) return stop('altered', head.sequence);
  return { checked, erased, last, problem: null };
}
