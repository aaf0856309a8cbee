import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { verifyWebhook } from '@tenon/sdk/webhooks';
import { freePort } from '../servers.ts';
import { between } from './random.ts';

const refusedShare = 0.03;
const lateShare = 0.03;
const lateSeconds = [0.2, 2] as const;

/** Receives webhooks. It verifies them, and is sometimes answers late or with an error. */
export class Receiver {
  readonly host: string;
  /** By the id of the organization. What comes before it is known is refused, and sent again. */
  readonly secrets = new Map<string, string>();
  /** How often each event was accepted, by its id. */
  readonly accepted = new Map<string, number>();
  /** What a receiver should never get. */
  readonly faults: string[] = [];
  readonly #server = createServer();

  private constructor(port: number) {
    this.host = `127.0.0.1:${port}`;
    this.#server.on('request', (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        // A sender that was killed in between is nobody's fault.
        if (!request.destroyed) this.faults.push(String(error));
      });
    });
    this.#server.listen(port, '127.0.0.1');
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver(await freePort());
    await once(receiver.#server, 'listening');
    return receiver;
  }

  url(organizationId: string): string {
    return `http://${this.host}/${organizationId}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const status = await this.#statusFor(request.url?.slice(1) ?? '', body, request.headers);
    response.writeHead(status).end();
  }

  async #statusFor(
    organizationId: string,
    body: Buffer,
    headers: Parameters<typeof verifyWebhook>[1],
  ): Promise<number> {
    const secret = this.secrets.get(organizationId);
    if (secret === undefined || Math.random() < refusedShare) return 500;
    try {
      const { id, organizationId: claimed } = await verifyWebhook(body, headers, secret);
      if (claimed !== organizationId) this.faults.push(`${id} of ${claimed} was sent to ${organizationId}`);
      this.accepted.set(id, (this.accepted.get(id) ?? 0) + 1);
    } catch (error) {
      this.faults.push(String(error));
      return 400;
    }
    if (Math.random() < lateShare) await delay(between(lateSeconds) * 1000);
    return 204;
  }
}
