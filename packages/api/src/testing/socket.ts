import { once } from 'node:events';
import WebSocket from 'ws';

/** A message as it arrived, or a pong of the protocol. */
export interface SocketMessage {
  readonly id?: number | string | null;
  readonly result?: { type: string; id?: string; data?: { id: string; data: unknown } };
  readonly error?: { code: number; data: { path?: string; problem: { status: number; code: string } } };
}

/** A WebSocket client that keeps everything. */
export class TestSocket {
  readonly socket: WebSocket;
  readonly messages: SocketMessage[] = [];
  /** What arrived that is no JSON: `PONG`, and `pong` for a pong of the protocol. */
  readonly words: string[] = [];
  /** How it was closed. Null while it is open. */
  closed: { code: number; reason: string } | null = null;
  #wake: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.#take((data as Buffer).toString()));
    socket.on('pong', () => this.#add(() => this.words.push('pong')));
    socket.on('close', (code, reason) => this.#add(() => (this.closed = { code, reason: reason.toString() })));
  }

  /**
   * Opens a socket.
   * @param params the connection parameters. Null: there are none. `later`: the address says that they follow.
   */
  static async open(
    url: string,
    params: Readonly<Record<string, string>> | 'later' | null,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TestSocket> {
    const address = `${url.replace(/^http/, 'ws')}/trpc${params ? '?connectionParams=1' : ''}`;
    const opened = new TestSocket(new WebSocket(address, { headers }));
    await once(opened.socket, 'open');
    if (params && params !== 'later') opened.send({ method: 'connectionParams', data: params });
    return opened;
  }

  #take(text: string): void {
    this.#add(() => {
      if (text.startsWith('{')) this.messages.push(JSON.parse(text) as SocketMessage);
      else this.words.push(text);
    });
  }

  #add(add: () => void): void {
    add();
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Sends JSON, or text as it is. */
  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id: number | string, path: string, input?: unknown, more: object = {}): void {
    this.send({ id, method: 'subscription', params: { path, input, ...more } });
  }

  /** Waits until something is true of what has arrived. The time limit is that of the test, because tests stop the clock. */
  async until(isDone: (socket: this) => boolean): Promise<void> {
    while (!isDone(this))
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
      });
  }

  /** Waits until the socket is closed, and answers how. */
  async end(): Promise<{ code: number; reason: string }> {
    await this.until(({ closed }) => closed !== null);
    return this.closed ?? { code: 0, reason: '' };
  }

  /** Waits for the first message of a call of which something is true. Null is the id of messages about no call. */
  async first(id: number | string | null, find: (message: SocketMessage) => boolean): Promise<SocketMessage> {
    const found = () => this.messages.find((message) => message.id === id && find(message));
    await this.until(() => found() !== undefined);
    return found() ?? {};
  }

  /** Waits for the first error of a call, and answers its status and its code. */
  async refusal(id: number | string | null): Promise<[number | undefined, string | undefined]> {
    const { error } = await this.first(id, (message) => message.error !== undefined);
    return [error?.data.problem.status, error?.data.problem.code];
  }

  /** The types of the results of a call. */
  results(id: number | string): (string | undefined)[] {
    return this.messages.flatMap((message) => (message.id === id ? [message.result?.type] : []));
  }
}
