/** One event of a stream, as it arrived. */
export interface Received {
  readonly id: string | null;
  readonly event: string;
  readonly data: unknown;
  /** When it arrived, by `performance.now()`. */
  readonly at: number;
}

/** A client of a stream that keeps everything. */
export class TestEventSource {
  readonly status: number;
  readonly headers: Headers;
  /** The body of an answer that is no stream. */
  readonly problem: unknown;
  readonly received: Received[] = [];
  /** Everything that arrived, as text. */
  text = '';
  #ended = false;
  readonly #abort: AbortController;
  #wake: (() => void)[] = [];

  private constructor(response: Response, abort: AbortController, problem: unknown) {
    this.status = response.status;
    this.headers = response.headers;
    this.problem = problem;
    this.#abort = abort;
    if (problem === null && response.body) void this.#read(response.body);
  }

  static async open(url: string, headers: Readonly<Record<string, string>>): Promise<TestEventSource> {
    const abort = new AbortController();
    const response = await fetch(url, { headers, signal: abort.signal });
    const isStream = response.headers.get('content-type') === 'text/event-stream';
    return new TestEventSource(response, abort, isStream ? null : await response.json());
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of body) {
        const text = decoder.decode(chunk, { stream: true });
        this.text += text;
        const parts = (rest + text).split('\n\n');
        rest = parts.pop() ?? '';
        for (const part of parts) this.#take(part);
        this.#notify();
      }
    } catch {
      // The connection was cut, or the test has left.
    }
    this.#ended = true;
    this.#notify();
  }

  #take(part: string): void {
    const of = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1] ?? null;
    const data = of('data');
    if (data !== null)
      this.received.push({
        id: of('id'),
        event: of('event') ?? 'message',
        data: JSON.parse(data || 'null'),
        at: performance.now(),
      });
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** Waits until something is true of what has arrived. @throws when that takes too long */
  async until(isDone: (source: this) => boolean, withinMs = 8000): Promise<void> {
    const end = performance.now() + withinMs;
    while (!isDone(this)) {
      const left = end - performance.now();
      if (left <= 0) throw new Error(`It did not arrive within ${withinMs} ms: ${this.text.slice(-2000)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Waits for the first event of a name, and answers it. */
  async first(event: string, withinMs?: number): Promise<Received> {
    const find = () => this.received.find((one) => one.event === event);
    await this.until(() => find() !== undefined, withinMs);
    const found = find();
    if (!found) throw new Error(`There is no ${event}.`);
    return found;
  }

  /** The events without those of the stream itself. */
  get events(): Received[] {
    return this.received.filter(({ event }) => event.includes('.'));
  }

  close(): void {
    this.#abort.abort();
  }
}
