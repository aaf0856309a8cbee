import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a receiver has got. */
interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What a receiver answers. `never` keeps the connection open without an answer. */
type Reply = { status: number; headers?: Record<string, string>; body?: string } | 'never';

/** An HTTP server on this machine that gets what webhooks send. */
export interface Receiver {
  readonly url: string;
  /** As `WEBHOOK_ALLOWED_HOSTS` takes it. */
  readonly host: string;
  readonly received: Received[];
  /** What it answers from now on. */
  answer: (received: Received) => Reply;
  /** Takes out what it has got. */
  take(): Received[];
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      const one = { path, headers, body: Buffer.concat(chunks).toString('utf8') };
      received.push(one);
      const reply = receiver.answer(one);
      if (reply === 'never') return;
      response.writeHead(reply.status, reply.headers).end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const receiver: Receiver = {
    url: `http://${host}/hook`,
    host,
    received,
    answer: () => ({ status: 204 }),
    take: () => received.splice(0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
