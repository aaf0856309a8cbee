import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A fault of one request. */
export type Fault =
  /** A proxy answers in place of the server. */
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body?: string }
  /** The connection is lost before the request reaches the server. */
  | { kind: 'drop' }
  /** The server acts, and its answer is lost. */
  | { kind: 'drop-answer' }
  /** The server acts, and only the beginning of its answer arrives. */
  | { kind: 'cut-answer' }
  /** The server acts, and its answer never arrives although the connection stays open. */
  | { kind: 'hang-answer' }
  /** There is no answer. */
  | { kind: 'hang' };

export interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  /** Whether the client disconnected before it got an answer. */
  abandoned: boolean;
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => Buffer.concat(await request.toArray());

/** Headers that apply to one connection only. */
const hopByHop = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'transfer-encoding',
  'content-encoding',
]);

/** A proxy between a client and a server. It records every request, and makes chosen ones fail. */
export class Front {
  readonly seen: Seen[] = [];
  readonly #faults: { path: string; fault: Fault }[] = [];
  readonly #target: string;
  readonly #server: Server;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async before(target: string): Promise<Front> {
    const front = new Front(target);
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('It does not listen.');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Makes the next request fail whose path contains the text. A second call is for the request after that. */
  fail(path: string, fault: Fault): void {
    this.#faults.push({ path, fault });
  }

  /** The requests whose path contains the text. */
  requests(path: string): Seen[] {
    return this.seen.filter((seen) => seen.path.includes(path));
  }

  /** Forgets the recorded requests and the faults that have not happened yet. */
  reset(): void {
    this.seen.length = 0;
    this.#faults.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #faultOf(path: string): Fault | null {
    const at = this.#faults.findIndex((waiting) => path.includes(waiting.path));
    return at === -1 ? null : (this.#faults.splice(at, 1)[0]?.fault ?? null);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    const seen: Seen = { method, path: url, headers, abandoned: false };
    this.seen.push(seen);
    response.on('close', () => (seen.abandoned = !response.writableEnded));
    const fault = this.#faultOf(url);
    const body = await bodyOf(request);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'drop') return void response.destroy();
    if (fault?.kind === 'answer') return void response.writeHead(fault.status, fault.headers).end(fault.body);

    const answer = await fetch(this.#target + url, {
      method,
      headers: Object.entries(headers).flatMap(([name, value]) =>
        typeof value === 'string' && !hopByHop.has(name) ? [[name, value] as [string, string]] : [],
      ),
      ...(body.length > 0 && { body }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (fault?.kind === 'hang-answer') return;
    if (fault?.kind === 'drop-answer') return void response.destroy();
    response.writeHead(answer.status, [...answer.headers].filter(([name]) => !hopByHop.has(name)).flat());
    if (fault?.kind !== 'cut-answer') return void response.end(bytes);
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  }
}
