import './tick-shape.ts';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { createLogger, type Logger } from './logger.ts';
import { releaseMemory } from './release-memory.ts';
import { readSettings, type Settings } from './settings.ts';
import { version } from './version.ts';
import { withPlatform } from './with-platform.ts';

interface Command {
  summary: string;
  options?: ParseArgsOptionsConfig;
  /** Whether it takes arguments besides options. @default false */
  words?: boolean;
  run(settings: Settings, options: Record<string, unknown>, words: readonly string[]): Promise<void>;
}

const number = (options: Record<string, unknown>, name: string): number => {
  const text = String(options[name]);
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} takes a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
};

/** How many milliseconds after the start a server no longer needs what the start has allocated. */
const settledAfter = 1000;

class UsageError extends Error {}

/** Each command imports what it needs when it runs, so that no command waits for the imports of another. */
const commands: Record<string, Command> = {
  serve: {
    summary: 'serve the API over HTTP (the default)',
    async run(settings) {
      const [{ serve }, { Outage }] = await Promise.all([import('./serve.ts'), import('./outage.ts')]);
      const outage = new Outage();
      const logger = createLogger(settings.logLevel, undefined, outage);
      const starting = serve(settings, logger, outage);
      stopOnSignal(async () => (await starting).stop(), logger);
      const { welcome } = await starting;
      // After the lines that the logger still has, so that it is the last thing to be seen.
      if (welcome !== null) logger.flush(() => process.stdout.write(welcome));
      setTimeout(releaseMemory, settledAfter).unref();
    },
  },
  migrate: {
    summary: 'bring the database to the newest schema',
    async run({ databaseUrl, migrationUrl }) {
      const { migrate } = await import('@tenon/core');
      const ran = await migrate({ url: databaseUrl, ...(migrationUrl === null ? {} : { migrationUrl }) });
      console.log(ran.length === 0 ? 'Nothing to migrate.' : `Migrated: ${ran.join(', ')}`);
    },
  },
  admin: {
    summary:
      'grant EMAIL, revoke EMAIL: administration of the instance; reset-second-factor EMAIL: remove a lost second factor',
    words: true,
    async run(settings, _options, [action = '', email = '', ...more]) {
      if (!['grant', 'revoke', 'reset-second-factor'].includes(action) || !email.includes('@') || more.length > 0)
        throw new UsageError('admin takes grant, revoke or reset-second-factor, and an e-mail address');
      const { DomainError, resetSecondFactorOf, setInstanceAdmin } = await import('@tenon/core');
      await withPlatform(settings, async (platform) => {
        const ctx = platform.context({ principal: null });
        if (action === 'reset-second-factor') {
          await resetSecondFactorOf(ctx, email);
          return console.log(`The second factor of ${email} is removed, and their sessions have ended.`);
        }
        const changed = await setInstanceAdmin(ctx, email, action === 'grant');
        const state = action === 'grant' ? 'an administrator' : 'no administrator';
        console.log(`${email} is ${state} of the instance${changed ? ' now' : ' already'}.`);
      }).catch((error: unknown) => {
        if (!(error instanceof DomainError)) throw error;
        process.stderr.write(`tenon: ${error.message}\n`);
        process.exitCode = 1;
      });
    },
  },
  seed: {
    summary: 'fill the database with made-up work: --tasks N --organizations N --members N --seed N --fast',
    options: {
      tasks: { type: 'string', default: '1000' },
      organizations: { type: 'string', default: '2' },
      members: { type: 'string', default: '5' },
      fast: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
    },
    async run(settings, options) {
      const fast = options['fast'] === true;
      const members = number(options, 'members');
      if (fast ? members < 5 : members !== 5)
        throw new UsageError('--members must be at least 5, and works with --fast only');
      const { seed } = await import('./seed/seed.ts');
      await seed(settings, {
        tasks: number(options, 'tasks'),
        organizations: number(options, 'organizations'),
        members,
        fast,
        seed: number(options, 'seed'),
        say: (line) => console.log(line),
      });
    },
  },
  organizations: {
    summary:
      'move an organization to a tier: set-tier SLUG free|pro|enterprise [--max-users N|none] [--max-tasks N|none]',
    options: { 'max-users': { type: 'string' }, 'max-tasks': { type: 'string' } },
    words: true,
    async run(settings, options, [action, organization, tier, ...rest]) {
      if (action !== 'set-tier' || organization === undefined || tier === undefined || rest.length > 0)
        throw new UsageError('organizations takes: set-tier SLUG TIER');
      const own = (name: string) => (options[name] === 'none' ? null : number(options, name));
      const { setOrganizationTier, TierChange } = await import('@tenon/core');
      const change = TierChange.safeParse({
        organization,
        tier,
        ...(options['max-users'] === undefined ? {} : { maxUsers: own('max-users') }),
        ...(options['max-tasks'] === undefined ? {} : { maxTasks: own('max-tasks') }),
      });
      if (!change.success)
        throw new UsageError(change.error.issues.map(({ path, message }) => `${path.join()}: ${message}`).join('; '));
      const { slug, ...limits } = await withPlatform(settings, (platform) =>
        setOrganizationTier(platform.context({ principal: null }), change.data),
      );
      const [users, tasks] = [limits.maxUsers, limits.maxTasks].map((max) => max ?? 'of the tier');
      console.log(`${slug}: tier ${limits.tier}, users ${users}, tasks ${tasks}`);
    },
  },
  demo: {
    summary: 'reset-password: give the demo user a new password, and print it',
    words: true,
    async run(settings, _options, [action, ...more]) {
      if (action !== 'reset-password' || more.length > 0) throw new UsageError('demo takes: reset-password');
      const { demoLogin, resetDemoPassword } = await import('./demo/account.ts');
      console.log(`Login      ${demoLogin}\nPassword   ${await withPlatform(settings, resetDemoPassword)}`);
    },
  },
  secrets: {
    summary: 'rotate: encrypt every secret again under the first key of ENCRYPTION_KEY',
    words: true,
    async run(settings, _options, [action, ...more]) {
      if (action !== 'rotate' || more.length > 0) throw new UsageError('secrets takes: rotate');
      const { rotateSecrets } = await import('./secrets.ts');
      if (!(await rotateSecrets(settings, (line) => console.log(line)))) process.exitCode = 1;
    },
  },
};

const usage = `Tenon ${version}

Usage: tenon [command] [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(13)} ${summary}`)
  .join('\n')}

  --help      show this
  --version   show the version

Settings are environment variables: see docs/settings.md.
`;

/**
 * On SIGTERM or SIGINT stops the server and exits with 0. Must be called before the start has finished: without a handler, the
 * first process of a container ignores signals. A second signal changes nothing, because a terminal and a launcher may both
 * send one.
 */
function stopOnSignal(stop: () => Promise<void>, logger: Logger): void {
  const exit = (code: number): void => logger.flush(() => process.exit(code));
  const crash = (error: unknown): void => {
    logger.fatal({ err: error }, 'crashed');
    exit(1);
  };
  const onSignal = (): void => void stop().then(() => exit(0), crash);
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', crash);
}

/** @throws UsageError when the command or an option is unknown */
async function run(args: readonly string[]): Promise<void> {
  const [first = 'serve', ...rest] = args;
  if (first === '--help' || first === '-h' || first === 'help') return void process.stdout.write(usage);
  if (first === '--version') return void process.stdout.write(`${version}\n`);
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (!command) throw new UsageError(`there is no command ${JSON.stringify(first)}`);
  const options = { help: { type: 'boolean' }, ...command.options } satisfies ParseArgsOptionsConfig;
  let values: Record<string, unknown>;
  let positionals: string[];
  try {
    ({ values, positionals } = parseArgs({ args: rest, options, allowPositionals: command.words ?? false }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values['help'] === true) return void process.stdout.write(usage);
  const settings = readSettings();
  try {
    await command.run(settings, values, positionals);
  } catch (error) {
    const { toStartError } = await import('@tenon/core');
    throw toStartError(error, settings.databaseUrl);
  }
}

/** What to tell the person who runs the command. Only an error of our own gets a stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Their messages are written for users and operators.
  if (['SettingsError', 'StartError', 'DomainError'].includes(error.name)) return error.message;
  return error.stack ?? error.message;
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`tenon: ${error.message}\n\n${usage}`);
    process.exitCode = 2;
  } else {
    process.stderr.write(`tenon: ${explain(error)}\n`);
    process.exit(1);
  }
}
