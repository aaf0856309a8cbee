import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs a program in place of this process: it uses the same terminal, receives the same signals, and decides the exit code.
 * A terminal sends signals to the whole group, so the program may receive a signal twice, and must accept that.
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
