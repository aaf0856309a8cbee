import type { AppRouter } from './contract.ts';
import type { Calls, InputsOf, OutputsOf } from './types.ts';

/*
 * The types of the API, as tRPC infers them from the router. The published package has them written out instead, with a name for each schema
 * and a comment on each operation and field: see build/api-types.ts.
 */

export type * from './contract.ts';

type Contexts = AppRouter['_def']['record'];

/** What each operation takes: `Inputs['tasks']['create']`. */
export type Inputs = InputsOf<Contexts>;

/** What each operation answers: `type Task = Outputs['tasks']['get']`. */
export type Outputs = OutputsOf<Contexts>;

/** Every operation of the API, by its operationId. */
export type Operations = Calls<Contexts>;
