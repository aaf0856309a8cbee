/** The log for events outside requests. Pass an error as `err`. */
export interface Logger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** For tests and command lines. */
export const silentLogger: Logger = { info: () => {}, warn: () => {}, error: () => {} };
