import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../app-router.ts';

/* The types of every operation's input and output, by the operation's name. */

export type Inputs = inferRouterInputs<AppRouter>;
type Outputs = inferRouterOutputs<AppRouter>;
export type Room = Extract<keyof Inputs, string>;

export type Fields<Input> = Exclude<Input, void>;

export type OperationName = { [R in Room]: `${R}.${keyof Inputs[R] & string}` }[Room];

type Member<All, Name> = Name extends `${infer R}.${infer P}`
  ? R extends keyof All
    ? P extends keyof All[R]
      ? All[R][P]
      : never
    : never
  : never;

export type InputOf<Name extends OperationName> = Fields<Member<Inputs, Name>>;
export type OutputOf<Name extends OperationName> = Member<Outputs, Name>;
