type Hook<Args extends readonly unknown[]> = (...args: Args) => Promise<void>;

/** A point at which other rooms run their own code. The room that defines the hook does not know those rooms. */
export interface Hooks<Args extends readonly unknown[]> {
  /** The hooks, in the order in which they run. */
  readonly registered: readonly Hook<Args>[];
  /** Adds hooks. Call it in the `index.ts` of a context, so that the order is the same in every process. */
  add(...hooks: Hook<Args>[]): void;
  /** Runs all hooks, one after the other. The first error stops the run. */
  run(...args: Args): Promise<void>;
}

export function defineHooks<Args extends readonly unknown[]>(): Hooks<Args> {
  const registered: Hook<Args>[] = [];
  return {
    registered,
    add: (...hooks) => {
      registered.push(...hooks);
    },
    async run(...args) {
      for (const hook of registered) await hook(...args);
    },
  };
}

/** A value that a later room provides, once. The room that defines the socket does not know that room. */
export interface Socket<Value> {
  /** Provides the value. Call it in the `index.ts` of a context. */
  plug(value: Value): void;
  /** @throws when no value was provided */
  readonly value: Value;
}

export function defineSocket<Value>(): Socket<Value> {
  let plugged: Value | undefined;
  return {
    plug(value) {
      plugged = value;
    },
    get value() {
      if (plugged === undefined) throw new Error('No room has filled this in yet.');
      return plugged;
    },
  };
}
