import pg from 'pg';

/** How long it waits before it connects again, in milliseconds. It doubles with each failure, up to the second one. */
const firstDelay = 250;
const longestDelay = 10_000;

type Listener = (payload: string) => void;

export interface ListenerOptions {
  url: string;
  /** How long opening the connection may take. Seconds. */
  connectTimeout: number;
  /** Told of a connection that was lost or could not be opened. It is replaced. */
  onConnectionError: (error: Error) => void;
}

/**
 * Receives what `pg_notify` sends, on a connection of its own, which is opened for the first listener. What is sent while it is not
 * connected is lost, so its users also look by themselves from time to time.
 */
export class PostgresListener {
  readonly #options: ListenerOptions;
  readonly #listeners = new Map<string, Set<Listener>>();
  #client: pg.Client | null = null;
  /** The same once it is connected. */
  #connected: pg.Client | null = null;
  #subscribing: Promise<unknown> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Calls the listener with each payload that is sent to a channel. Answers a function that unsubscribes. */
  listen(channel: string, listener: Listener): () => void {
    const known = this.#listeners.get(channel);
    if (known) known.add(listener);
    else {
      this.#listeners.set(channel, new Set([listener]));
      if (this.#connected) this.#subscribe(this.#connected, [channel]);
      else if (!this.#client && !this.#retry) this.#connect();
    }
    return () => void this.#listeners.get(channel)?.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#client?.end().catch(() => {});
  }

  #connect(): void {
    if (this.#closed) return;
    const { url, connectTimeout } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: connectTimeout * 1000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      application_name: 'tenon listener',
    });
    this.#client = client;
    client.on('notification', ({ channel, payload = '' }) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload);
    });
    client.on('error', (error: Error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, new Error('The connection that listens was closed.')));
    client.connect().then(
      () => {
        this.#failures = 0;
        this.#connected = client;
        this.#subscribe(client, [...this.#listeners.keys()]);
      },
      (error: Error) => this.#lost(client, error),
    );
  }

  #subscribe(client: pg.Client, channels: readonly string[]): void {
    const listen = channels.map((channel) => `listen ${client.escapeIdentifier(channel)}`).join('; ');
    this.#subscribing = this.#subscribing
      .then(() => client.query(listen))
      .catch((error: Error) => this.#lost(client, error));
  }

  #lost(client: pg.Client, error: Error): void {
    // An error is followed by the end of the connection, so only the first of them counts.
    if (this.#client !== client || this.#closed) return;
    this.#client = null;
    this.#connected = null;
    this.#options.onConnectionError(error);
    client.end().catch(() => {});
    const delay = Math.min(firstDelay * 2 ** this.#failures++, longestDelay);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#connect();
    }, delay);
    this.#retry.unref();
  }
}
