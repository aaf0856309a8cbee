import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { Copy } from './support/copy.ts';
import { freePort, temporaryDirectory, until } from './support/server.ts';

it('npm run dev serves the sources, and again when one has changed', { timeout: 60_000 }, async () => {
  const directory = temporaryDirectory();
  const copy = new Copy(directory.path, 'scripts/dev.mjs');
  const port = String(await freePort());
  const dev = spawn(process.execPath, [copy.path('scripts/dev.mjs'), 'serve'], {
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: directory.path,
      PORT: port,
      NODE_ENV: 'test',
      LOG_LEVEL: 'warn',
      NODE_COMPILE_CACHE: directory.path,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  dev.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const starts = () => output.split('API docs').length - 1;
  const started = (times: number) => until(() => (starts() === times ? true : undefined), `Start ${times}`);
  const name = async () => ((await (await fetch(`http://127.0.0.1:${port}`)).json()) as { name: string }).name;
  try {
    await started(1);
    expect(await name()).toBe('Tenon');
    copy.change('apps/server/src/root.ts', `name: 'Tenon'`, 'name: unfinished(');
    // It waits for the next change.
    await until(
      () =>
        fetch(`http://127.0.0.1:${port}`).then(
          () => undefined,
          () => true,
        ),
      'The end of the server',
    );
    copy.change('apps/server/src/root.ts', 'name: unfinished(', `name: 'Changed'`);
    await started(2);
    expect(await name()).toBe('Changed');
  } finally {
    const ended = once(dev, 'exit');
    dev.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await expect(name()).rejects.toThrow('fetch failed');
    directory.remove();
  }
});
