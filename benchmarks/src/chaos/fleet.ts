import { setTimeout as delay } from 'node:timers/promises';
import { createTenon, type Tenon } from '@tenon/sdk';
import type { Person } from '../scene.ts';
import { files, freePort, type RunningServer, startServer } from '../servers.ts';
import { between, oneOf } from './random.ts';

/** Seconds, from and to. */
type Range = readonly [number, number];

interface Rhythm {
  /** How long all goes well before a server is killed. */
  beforeKill: Range;
  /** How long it then stays away. */
  beforeStart: Range;
}

/** The address of clients that call any server. */
const anywhere = 'http://tenon.invalid';

/** Servers that are killed and started again, each always at the same address. */
export class Fleet {
  readonly urls: string[] = [];
  kills = 0;
  readonly #settings: Record<string, string>;
  readonly #running = new Map<string, RunningServer>();

  constructor(settings: Record<string, string>) {
    this.#settings = settings;
  }

  async start(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const { url } = await this.#start(String(await freePort()));
      this.urls.push(url);
    }
  }

  /** The address of one of them, whether it runs or not. */
  anyUrl(): string {
    return oneOf(this.urls);
  }

  /** A client whose every request goes to any of them. */
  clientOf({ token }: Person): Tenon {
    return createTenon({
      baseUrl: anywhere,
      session: { get: () => ({ accessToken: token, expiresAt: Infinity, refreshToken: null }), set: () => {} },
      fetch: (url, init) => fetch(url.replace(anywhere, this.anyUrl()), init),
    });
  }

  /**
   * Kills one of them again and again, and starts it again.
   * @param isOver asked before each kill
   * @param onKill called when the process is gone
   */
  async killAtRandom(rhythm: Rhythm, isOver: () => boolean, onKill: () => Promise<void>): Promise<void> {
    while (!isOver()) {
      await delay(between(rhythm.beforeKill) * 1000);
      const url = this.anyUrl();
      await this.#running.get(url)?.kill();
      this.#running.delete(url);
      this.kills++;
      await onKill();
      await delay(between(rhythm.beforeStart) * 1000);
      await this.#startAgain(new URL(url).port);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((server) => server.kill()));
  }

  /** A server ends when it cannot reach the database at its start. Whoever operates it starts it again. */
  async #startAgain(port: string): Promise<void> {
    for (let tries = 1; ; tries++)
      try {
        await this.#start(port);
        return;
      } catch (error) {
        if (tries === 60) throw error;
        await delay(500);
      }
  }

  async #start(port: string): Promise<RunningServer> {
    const server = await startServer([files.tenon, 'serve'], { ...this.#settings, PORT: port });
    this.#running.set(server.url, server);
    return server;
  }
}
