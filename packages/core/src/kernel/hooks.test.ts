import { expect, it } from 'vitest';
import { defineHooks, defineSocket } from './hooks.ts';

it('runs hooks one after the other, in the order in which they were added', async () => {
  const ran: string[] = [];
  const hooks = defineHooks<[name: string]>();
  hooks.add(
    async (name) => {
      await Promise.resolve();
      ran.push(`first ${name}`);
    },
    async (name) => void ran.push(`second ${name}`),
  );
  hooks.add(async (name) => void ran.push(`third ${name}`));
  await hooks.run('team');
  expect(ran).toEqual(['first team', 'second team', 'third team']);
});

it('stops at the first error', async () => {
  const ran: string[] = [];
  const hooks = defineHooks<[]>();
  hooks.add(
    () => Promise.reject(new Error('no')),
    async () => void ran.push('late'),
  );
  await expect(hooks.run()).rejects.toThrow('no');
  expect(ran).toEqual([]);
});

it('gives what was filled into a socket, and fails before', () => {
  const socket = defineSocket<string>();
  expect(() => socket.value).toThrow('No room has filled this in yet.');
  socket.plug('work');
  expect(socket.value).toBe('work');
});
