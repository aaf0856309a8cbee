import { readBatch } from './batch-reader.ts';
import { ConnectionError } from './errors.ts';
import { fromResponse } from './failure.ts';
import { jsonOf, request } from './http.ts';
import type { ResponseInfo } from './responses.ts';
import type { Settings } from './settings.ts';

/** The server accepts 100. Smaller batches spread over its connections. */
const largestBatch = 50;

/** In characters: just below what the server accepts, and more than twice the longest batched input. */
const longestUrl = 8_000;

/** A call that is ready to be sent. */
interface ReadyCall {
  readonly path: string;
  /** The input as JSON. Undefined when there is none. */
  readonly json: string | undefined;
  readonly headers: Headers;
  readonly signal: AbortSignal;
}

/** What a call answers, and the response that carried it. */
interface Answered {
  readonly data: unknown;
  readonly response: ResponseInfo;
}

/** A query that waits for others of the same tick, and then for its answer. */
interface Waiting extends ReadyCall {
  readonly resolve: (answered: Answered) => void;
  readonly reject: (reason: unknown) => void;
}

/** The procedures and the inputs of queries that share a request. */
function targetOf(calls: readonly ReadyCall[]): string {
  const inputs = calls.flatMap(({ json }, index) => (json === undefined ? [] : `"${index}":${json}`));
  return `${calls.map(({ path }) => path).join()}?batch=1&input=${encodeURIComponent(`{${inputs.join()}}`)}`;
}

/** @throws TenonError when the answer of a call is an error, or is not of our server */
function answeredBy(answer: unknown, response: Response): Answered {
  if (typeof answer === 'object' && answer !== null && 'result' in answer) {
    const { result } = answer;
    if (typeof result === 'object' && result !== null)
      return { data: 'data' in result ? result.data : undefined, response };
  }
  throw fromResponse(response, answer);
}

/** Sends calls in the form of tRPC, and reads their answers. tRPC's own links do the same, but an app would ship 3 kB more with them. */
export class Transport {
  readonly #settings: Settings;
  readonly #waiting: Waiting[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Sends a query in a request of its own. @throws TenonError, or the signal's reason */
  query({ path, json, headers, signal }: ReadyCall): Promise<Answered> {
    const target = json === undefined ? path : `${path}?input=${encodeURIComponent(json)}`;
    return this.#sendAlone(target, { method: 'GET', headers, signal });
  }

  /** Sends a mutation, in a request of its own. @throws TenonError, or the signal's reason */
  mutate({ path, json, headers, signal }: ReadyCall): Promise<Answered> {
    const sent = new Headers(headers);
    sent.set('content-type', 'application/json');
    return this.#sendAlone(path, { method: 'POST', headers: sent, signal, ...(json !== undefined && { body: json }) });
  }

  /**
   * Sends a query together with others of the same tick. Each resolves as soon as its own answer has arrived.
   * @throws TenonError, or the signal's reason
   */
  queryTogether(call: ReadyCall): Promise<Answered> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ ...call, resolve, reject }) === 1) setTimeout(() => this.#sendWaiting());
    });
  }

  #urlOf(target: string): string {
    return `${this.#settings.baseUrl}/trpc/${target}`;
  }

  async #sendAlone(target: string, init: RequestInit): Promise<Answered> {
    const response = await request(this.#settings, this.#urlOf(target), init);
    return answeredBy(await jsonOf(response), response);
  }

  #sendWaiting(): void {
    let batch: Waiting[] = [];
    for (const call of this.#waiting.splice(0)) {
      if (call.signal.aborted) {
        call.reject(call.signal.reason);
        continue;
      }
      if (batch.length === largestBatch || this.#urlOf(targetOf([...batch, call])).length > longestUrl) {
        this.#sendBatch(batch);
        batch = [];
      }
      batch.push(call);
    }
    this.#sendBatch(batch);
  }

  #sendBatch(calls: readonly Waiting[]): void {
    const [first, second] = calls;
    if (second) void this.#share(calls);
    else if (first) this.query(first).then(first.resolve, first.reject);
  }

  /** Sends several queries in one request, and settles each of them. */
  async #share(calls: readonly Waiting[]): Promise<void> {
    /** Those that have no answer yet. */
    const open = new Set(calls);
    const abort = new AbortController();
    for (const call of calls)
      call.signal.addEventListener('abort', () => {
        open.delete(call);
        if (open.size === 0) abort.abort(call.signal.reason);
      });
    try {
      // Their headers differ only in the access token, and the last call has the newest.
      const headers = new Headers(calls.at(-1)?.headers);
      headers.set('trpc-accept', 'application/jsonl');
      const init = { method: 'GET', headers, signal: abort.signal };
      const response = await request(this.#settings, this.#urlOf(targetOf(calls)), init);
      if (!response.ok) throw fromResponse(response, await jsonOf(response));
      await readBatch(response, (index, answer) => {
        const call = calls[index];
        if (!call) return;
        open.delete(call);
        try {
          call.resolve(answeredBy(answer, response));
        } catch (thrown) {
          call.reject(thrown);
        }
      });
      throw new ConnectionError(new TypeError('The answer ended early.'));
    } catch (thrown) {
      for (const call of open) call.reject(thrown);
    }
  }
}
