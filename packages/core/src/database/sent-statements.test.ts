import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestPlatform, dialects, type TestPlatform } from '../testing/index.ts';
import type { WriteConnection } from './database.ts';
import { doorScope } from './scope.ts';

const system = doorScope('system');

describe.each(dialects)('statements that nobody awaits on %s', (dialect) => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
  });
  afterAll(() => platform.dispose());

  let sequence = 0;
  const anId = () => `01a00000-0000-7000-8000-${String(++sequence).padStart(12, '0')}`;
  const literal = (id: string) => (dialect === 'sqlite' ? `unhex('${id}', '-')` : `'${id}'`);
  const insert = ({ bare }: WriteConnection, id: string) =>
    bare.execute(`insert into counters (organization_id, name, value) values (${literal(id)}, 'sent', 1)`, []);
  const write = <T>(work: (connection: WriteConnection) => Promise<T>) => platform.database.write(system, work);
  const written = async (id: string) => {
    const { rows } = await platform.database.engine.read(system, (connection) =>
      connection.execute(`select value from counters where organization_id = ${literal(id)} and name = 'sent'`, []),
    );
    return rows.length;
  };
  const duplicate = { code: dialect === 'sqlite' ? 'SQLITE_CONSTRAINT_PRIMARYKEY' : '23505' };

  it('are committed with the rest', async () => {
    const [first, second] = [anId(), anId()];
    const answer = await write(async (connection) => {
      connection.later(insert(connection, first), insert(connection, second));
      return 'answer';
    });
    expect(answer).toBe('answer');
    expect(await Promise.all([first, second].map(written))).toEqual([1, 1]);
  });

  it('undo everything when one of them fails, and its error is thrown', async () => {
    const [first, second] = [anId(), anId()];
    const failing = write(async (connection) => {
      const [before, again, after] = [first, first, second].map((id) => insert(connection, id));
      if (before && again && after) connection.later(before, after, again);
    });
    await expect(failing).rejects.toMatchObject(duplicate);
    expect(await Promise.all([first, second].map(written))).toEqual([0, 0]);
    expect(await write(async () => 'goes on')).toBe('goes on');
  });

  it('fail with their own error, and not with one that is thrown later', async () => {
    const id = anId();
    const failing = write(async (connection) => {
      connection.later(insert(connection, id), insert(connection, id));
      await connection.bare.execute('select 1', []);
      throw new Error('A rule.');
    });
    await expect(failing).rejects.toMatchObject(duplicate);
    expect(await written(id)).toBe(0);
  });

  it('are undone when a rule refuses', async () => {
    const id = anId();
    const failing = write(async (connection) => {
      connection.later(insert(connection, id));
      throw new Error('A rule.');
    });
    await expect(failing).rejects.toThrow('A rule.');
    expect(await written(id)).toBe(0);
  });
});
