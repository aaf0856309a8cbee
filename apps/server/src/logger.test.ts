import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createLogger, redact } from './logger.ts';

function lines(work: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const written: string[] = [];
  work(createLogger('info', { write: (line: string) => void written.push(line) }));
  return written.map((line) => JSON.parse(line));
}

describe('createLogger', () => {
  it('writes one JSON line with level, time and message', () => {
    const [line] = lines((logger) => logger.info({ port: 8000 }, 'listening'));
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      port: 8000,
      msg: 'listening',
    });
  });

  it('redacts what must not be in a log, at any depth', () => {
    const [line] = lines((logger) =>
      logger.info(
        {
          headers: { authorization: 'Bearer abc', cookie: 'tenon_refresh=abc', 'x-api-key': 'sk_abc', accept: '*/*' },
          body: [{ password: 'hunter2', newPassword: 'hunter2', refreshToken: 'abc', title: 'Buy milk' }],
        },
        'request',
      ),
    );
    expect(line).toMatchObject({
      headers: { authorization: '[redacted]', cookie: '[redacted]', 'x-api-key': '[redacted]', accept: '*/*' },
      body: [{ password: '[redacted]', newPassword: '[redacted]', refreshToken: '[redacted]', title: 'Buy milk' }],
    });
    expect(JSON.stringify(line)).not.toMatch(/hunter2|abc/);
  });

  it('logs type, message, code, stack and cause of an error, and nothing else', () => {
    const cause = Object.assign(new Error('connect postgres://tenon:hunter2@db/tenon'), {
      code: '28P01',
      parameters: ['hunter2'],
    });
    const [line] = lines((logger) => logger.error({ err: new TypeError('no luck', { cause }) }, 'request failed'));
    expect(line).toMatchObject({
      level: 'error',
      err: {
        type: 'TypeError',
        message: 'no luck',
        cause: { code: '28P01', message: 'connect postgres://[redacted]@db/tenon' },
      },
    });
    expect(JSON.stringify(line)).not.toContain('hunter2');
  });

  it('masks mail addresses, wherever they are', () => {
    const [line] = lines((logger) =>
      logger.warn(
        {
          to: 'ada.lovelace@mail.example.com',
          people: ['Ada <ada@example.com>', 'no address @ all'],
          err: new Error('550 <charles@example.com>: unknown'),
        },
        'job failed',
      ),
    );
    expect(line).toMatchObject({
      to: 'a***@mail.example.com',
      people: ['Ada <a***@example.com>', 'no address @ all'],
      err: { message: '550 <c***@example.com>: unknown' },
    });
  });

  it("leaves a statement's parameters out", () => {
    const [line] = lines((logger) =>
      logger.error(
        { err: new Error("insert into users values ('ada@example.com') - UNIQUE constraint failed") },
        'failed',
      ),
    );
    expect(JSON.stringify(line)).not.toContain('ada@example.com');
    expect(JSON.stringify(line)).toContain('UNIQUE constraint failed');
  });
});

it.each(['process.exit(0)', ''])('writes the last lines before the process ends: %s', async (end) => {
  const module = JSON.stringify(new URL('./logger.ts', import.meta.url).href);
  const code = `import { createLogger } from ${module};
    const logger = createLogger('info');
    logger.plain('info', { count: 1 }, 'first');
    logger.warn({ count: 2 }, 'last');
    ${end}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code]);
  const written = stdout.trimEnd().split('\n');
  expect(written.map((line) => JSON.parse(line))).toMatchObject([
    { msg: 'first', count: 1 },
    { msg: 'last', count: 2 },
  ]);
});

describe('redact', () => {
  it('stops at objects that contain themselves', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    expect(JSON.stringify(redact(loop))).toContain('[deep]');
  });
});
