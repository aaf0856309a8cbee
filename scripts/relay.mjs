import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs a program in this process's place: same terminal, signals passed on, and this process ends with its exit code.
 * One signal may reach the program twice (a terminal signals the whole group), so it must take a repeated one calmly.
 */
export function relay(command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${command}: ${error.message}`);
    process.exit(127);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
