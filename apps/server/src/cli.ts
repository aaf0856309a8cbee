import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { createLogger, type Logger } from './logger.ts';
import { readSettings, type Settings, SettingsError } from './settings.ts';
import { version } from './version.ts';

interface Command {
  summary: string;
  options?: ParseArgsOptionsConfig;
  run(settings: Settings, options: Record<string, unknown>): Promise<void>;
}

const number = (options: Record<string, unknown>, name: string): number => {
  const text = String(options[name]);
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} takes a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
};

class UsageError extends Error {}

/** The commands load what they need when they run: a start must not wait for the others' imports. */
const commands: Record<string, Command> = {
  serve: {
    summary: 'serve the API over HTTP (the default)',
    async run(settings) {
      const logger = createLogger(settings.logLevel);
      const { serve } = await import('./serve.ts');
      const server = await serve(settings, logger);
      if (server.welcome) process.stdout.write(server.welcome);
      stopOnSignal(server.stop, logger);
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
  seed: {
    summary: 'fill the database with made-up work: --tasks N --organizations N --seed N',
    options: {
      tasks: { type: 'string', default: '1000' },
      organizations: { type: 'string', default: '2' },
      seed: { type: 'string', default: '1' },
    },
    async run(settings, options) {
      const { seed } = await import('./seed/seed.ts');
      await seed(settings, {
        tasks: number(options, 'tasks'),
        organizations: number(options, 'organizations'),
        seed: number(options, 'seed'),
        say: (line) => console.log(line),
      });
    },
  },
};

const usage = `Tenon ${version}

Usage: tenon [command] [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

  --help      show this
  --version   show the version

Settings are environment variables: see the README.
`;

/** A second signal changes nothing: a terminal and a launcher may both pass one on. */
function stopOnSignal(stop: () => Promise<void>, logger: Logger): void {
  const end = (error: unknown): void => {
    if (error) logger.fatal({ err: error }, 'crashed');
    logger.flush(() => process.exit(error ? 1 : 0));
  };
  const onSignal = (): void => {
    stop().then(() => end(null), end);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', end);
}

/** @throws UsageError for a command or an option that there is not */
async function run(args: readonly string[]): Promise<void> {
  const [first = 'serve', ...rest] = args;
  if (first === '--help' || first === '-h' || first === 'help') return void process.stdout.write(usage);
  if (first === '--version') return void process.stdout.write(`${version}\n`);
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (!command) throw new UsageError(`there is no command ${JSON.stringify(first)}`);
  const options = { help: { type: 'boolean' }, ...command.options } satisfies ParseArgsOptionsConfig;
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({ args: rest, options, allowPositionals: false }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values['help'] === true) return void process.stdout.write(usage);
  await command.run(readSettings(), values);
}

function explain(error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return 'The port is in use. Stop what listens there, or set PORT to another one.';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
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
