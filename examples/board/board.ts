/**
 * A board of tasks in the terminal, on the SDK. From the root of the repository:
 *
 *   export TENON_URL=http://localhost:8000 TENON_API_KEY=sk_…
 *   node_modules/.bin/node examples/board/board.ts list
 *
 * Without a command it prints the commands.
 */
import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { createTenon, type Outputs, TenonError } from '@tenon/sdk';

type Task = Outputs['tasks']['get'];
type Person = Task['createdBy'];

const { TENON_URL: baseUrl = 'http://localhost:8000', TENON_API_KEY: apiKey } = process.env;

const columns = ['todo', 'in_progress', 'in_review', 'done'] as const;
const statuses = [...columns, 'archived'] as const;

/** In characters. */
const columnWidth = 30;

const nameOf = ({ key, id }: Task): string => key ?? id;
const personName = ({ fullName, username }: Person): string => fullName ?? username ?? '?';

/** Cuts a text to the width of a column, or fills it up. */
const fit = (text: string): string =>
  text.length > columnWidth ? `${text.slice(0, columnWidth - 1)}…` : text.padEnd(columnWidth);

const card = (task: Task): string[] => [
  `${nameOf(task)} ${task.title}`,
  `  ${[task.priority, ...task.assignees.map(personName), ...task.tags.map(({ name }) => `#${name}`)].join(', ')}`,
  '',
];

async function list(project?: string): Promise<void> {
  const filled = await Promise.all(
    columns.map(async (status) => {
      const { data } = await tenon.tasks.list({ status: [status], limit: 20, ...(project && { project: [project] }) });
      return [status, '', ...data.flatMap(card)];
    }),
  );
  const height = Math.max(...filled.map((lines) => lines.length));
  for (let row = 0; row < height; row++) {
    const line = filled.map((lines) => fit(lines[row] ?? '')).join(' | ');
    console.log(line.trimEnd());
  }
}

async function show(id = ''): Promise<void> {
  const task = await tenon.tasks.get({ id });
  console.log(`${nameOf(task)} ${task.title} (${task.status}, ${task.priority})`);
  if (task.description) console.log(task.description);
  for await (const { author, body } of tenon.comments.list({ taskId: task.id, sort: 'createdAt' }))
    console.log(`${personName(author)}: ${body}`);
  for await (const { fileName, size } of tenon.attachments.list({ taskId: task.id }))
    console.log(`[${fileName}, ${size} bytes]`);
}

async function move(id = '', wanted = ''): Promise<void> {
  const status = statuses.find((name) => name === wanted);
  if (!status) throw new Error(`A status is one of: ${statuses.join(', ')}.`);
  const task = await tenon.tasks.update({ id, status });
  console.log(`${nameOf(task)} is ${task.status}.`);
}

async function comment(id = '', ...words: string[]): Promise<void> {
  await tenon.comments.create({ taskId: id, body: words.join(' ') });
  console.log('Commented.');
}

async function upload(id = '', path = ''): Promise<void> {
  const { fileName, size } = await tenon.attachments.upload(id, await openAsBlob(path), {
    fileName: basename(path),
    onProgress: ({ sent, total }) => process.stderr.write(`\r${sent} of ${total ?? '?'} bytes `),
  });
  process.stderr.write('\n');
  console.log(`Attached ${fileName}, ${size} bytes.`);
}

async function watch(id = ''): Promise<void> {
  await tenon.tasks.watch({ id });
  console.log('You watch it: you are told what happens to it.');
}

interface Command {
  /** What it takes. Those in brackets may be left out. */
  words: readonly string[];
  run: (...words: string[]) => Promise<void>;
}

/** A task is named by its key, as ENGINE-12, or by its id. A project is named by its key. */
const commands: Readonly<Record<string, Command>> = {
  list: { words: ['[PROJECT]'], run: list },
  show: { words: ['TASK'], run: show },
  move: { words: ['TASK', 'STATUS'], run: move },
  comment: { words: ['TASK', 'TEXT'], run: comment },
  upload: { words: ['TASK', 'FILE'], run: upload },
  watch: { words: ['TASK'], run: watch },
};

const [name = '', ...words] = process.argv.slice(2);
const command = commands[name];
const needed = command?.words.filter((word) => !word.startsWith('[')).length ?? 0;
if (!command || words.length < needed) {
  for (const [known, { words: takes }] of Object.entries(commands))
    console.error(['board.ts', known, ...takes].join(' '));
  process.exit(2);
}
if (!apiKey) {
  console.error('Set TENON_API_KEY to an API key.');
  process.exit(2);
}
const tenon = createTenon({ baseUrl, apiKey });
try {
  await command.run(...words);
} catch (error) {
  console.error(error instanceof TenonError ? `${error.message} (${error.code})` : String(error));
  process.exitCode = 1;
}
