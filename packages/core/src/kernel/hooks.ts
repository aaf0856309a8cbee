type Hook<Args extends readonly unknown[]> = (...args: Args) => Promise<void>;

/** A moment at which later rooms have something to do that the room of the moment does not know. */
export interface Hooks<Args extends readonly unknown[]> {
  /** In the order in which they run. */
  readonly registered: readonly Hook<Args>[];
  /** Registers what runs at that moment. Call it in the `index.ts` of a context, so that the order is the same in every process. */
  add(...hooks: Hook<Args>[]): void;
  /** Runs all of them, one after the other. The first error ends the run. */
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
