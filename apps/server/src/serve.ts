import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  createPlatform,
  createSmtpMailer,
  isPostgresUrl,
  migrate,
  pendingMigrations,
  type Platform,
} from '@tenon/core';
import { makeFolder, StartError } from '@tenon/core/start';
import { buildApp } from './app.ts';
import { healthChecks } from './health/checks.ts';
import { HealthRegistry } from './health/registry.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import { Outage } from './outage.ts';
import type { Settings } from './settings.ts';

/** How long open requests may take to end once the port is closed. */
const endMs = 30_000;

export interface RunningServer {
  /** Where it listens, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** The text to print once it runs: where it listens, and how to sign in. Null in production, whose output is a log alone. */
  readonly welcome: string | null;
  /**
   * Says that it is not ready, still accepts requests for `drainSeconds`, then finishes open requests within 30 s and closes everything. A
   * second call waits for the first one.
   */
  stop: () => Promise<void>;
}

/** The URL of a server that listens on a host. An IPv6 address is in brackets there. */
export const urlOf = (host: string, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

const migrationTarget = ({ databaseUrl, migrationUrl }: Settings) => ({
  url: databaseUrl,
  ...(migrationUrl === null ? {} : { migrationUrl }),
});

/** Whether this is the first start of a development installation on SQLite. Only this one gets a demo. */
const isFirstStart = ({ production, databaseUrl }: Settings): boolean =>
  !production && /^(file|sqlite):/.test(databaseUrl) && !existsSync(databaseUrl.replace(/^(file|sqlite):(\/\/)?/, ''));

/** The text to print at the end of a start in development. `password` is that of the demo user at the first start. */
async function welcomeOf(platform: Platform, url: string, password: string | null): Promise<string> {
  const { welcomeText } = await import('./welcome.ts');
  if (password !== null) return welcomeText(url, { password });
  const { hasDemo } = await import('./demo/account.ts');
  // A database that cannot be read keeps no server from running. Readiness tells it.
  return welcomeText(url, (await hasDemo(platform).catch(() => false)) ? 'demo' : 'own account');
}

/** For `catch`: throws what the operator can do about an address that cannot be listened on. */
const cannotListen =
  ({ host, port }: Settings) =>
  (error: Error): never => {
    const sentences: Readonly<Record<string, string>> = {
      EADDRINUSE: 'The port is in use. Stop the program that listens there, or set PORT to another one.',
      EACCES: `This user may not listen on port ${port}: set PORT to one above 1023.`,
      EADDRNOTAVAIL: `HOST ${host} is no address of this machine: set it to one, or to 0.0.0.0 for all of them.`,
      ENOTFOUND: `HOST ${host} does not resolve to an address: set it to an address of this machine.`,
      EAI_AGAIN: `HOST ${host} does not resolve to an address: set it to an address of this machine.`,
    };
    const sentence = 'code' in error ? sentences[String(error.code)] : undefined;
    throw sentence === undefined ? error : new StartError(sentence, error);
  };

/**
 * Starts a server: database, jobs, HTTP. It answers `/health/live` before it is ready.
 * @param outage the one that the logger leaves lines out by
 */
export async function serve(settings: Settings, logger: Logger, outage = new Outage()): Promise<RunningServer> {
  makeFolder(settings.dataDirectory);
  let firstStart = isFirstStart(settings);
  const target = migrationTarget(settings);
  if (settings.migrateOnStart) {
    const ran = await migrate(target);
    // Several processes may start for the first time at once. The one that has made the schema makes the demo.
    firstStart &&= ran.length > 0;
    if (ran.length > 0) logger.info({ migrations: ran }, 'database migrated');
  }
  const platform = await createPlatform(settings, {
    logger,
    ...(settings.smtp && { mailer: createSmtpMailer(settings.smtp) }),
    onConnectionError: (error) => {
      if (!outage.notice(error)) logger.warn({ err: error }, 'database connection lost');
    },
  });
  // A file cannot be away like a server, and what SQLite answers instead must be logged.
  if (isPostgresUrl(settings.databaseUrl)) outage.watch({ logger, ping: () => platform.database.engine.ping() });
  const lifecycle: Lifecycle = { phase: 'starting' };
  const health = new HealthRegistry(
    healthChecks({ platform, pendingMigrations: () => pendingMigrations(platform) }),
    (check, { message }) => {
      // While the database is away, the checks that ask it fail too.
      const isSign = check === 'database' || (outage.isOn && check !== 'disk');
      if (!(isSign && outage.notice(message))) logger.error({ check, message }, 'health check fails');
    },
  );
  const app = await buildApp({ settings, platform, logger, health, lifecycle });

  const end = async (): Promise<void> => {
    lifecycle.phase = 'draining';
    logger.info({ drainSeconds: settings.drainSeconds }, 'stopping');
    // Load balancers learn from readiness, after a while, that they must send no more.
    if (hasServed) await delay(settings.drainSeconds * 1000);
    // Streams have no end of their own. Their clients come back to another server.
    platform.stopStreams();
    // Closing waits for all connections. A busy connection may become idle later, so idle ones are closed again and again. After
    // the limit all are cut.
    const idle = setInterval(() => app.server.closeIdleConnections(), 100);
    const limit = setTimeout(() => app.server.closeAllConnections(), endMs);
    await Promise.all([app.close(), platform.stopJobs()]);
    clearInterval(idle);
    clearTimeout(limit);
    health.stop();
    await platform.close();
    outage.stop();
    logger.info({}, 'stopped');
  };
  let hasServed = false;
  let ending: Promise<void> | undefined;
  const stop = () => (ending ??= end());

  try {
    await app.listen({ host: settings.host, port: settings.port }).catch(cannotListen(settings));
    const url = urlOf(settings.host, (app.server.address() as AddressInfo).port);
    const demoPassword = firstStart ? await (await import('./demo/demo.ts')).createDemo(settings) : null;
    platform.startJobs();
    platform.apiLog.start();
    platform.sealer.start();
    health.start();
    if (lifecycle.phase === 'starting') lifecycle.phase = 'ready';
    hasServed = true;
    if (settings.production && new URL(settings.publicUrl).hostname === 'localhost')
      logger.warn({ publicUrl: settings.publicUrl }, 'links in mails point to localhost: set PUBLIC_URL');
    if (settings.production && !settings.smtp)
      logger.warn({}, 'mails are written to a folder and reach nobody: set SMTP_HOST and SMTP_FROM');
    if (settings.production && settings.webhookAllowedHosts?.length)
      logger.warn(
        { hosts: settings.webhookAllowedHosts },
        'webhooks may be sent to private networks: WEBHOOK_ALLOWED_HOSTS',
      );
    if (settings.production && settings.webhookRetrySeconds)
      logger.warn(
        { seconds: settings.webhookRetrySeconds },
        'webhooks are retried at unusual times: WEBHOOK_RETRY_SECONDS',
      );
    logger.info({ url, production: settings.production }, 'ready');
    const welcome = settings.production ? null : await welcomeOf(platform, url, demoPassword);
    return { url, welcome, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
