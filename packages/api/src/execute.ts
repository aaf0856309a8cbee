import { isDeepStrictEqual } from 'node:util';
import {
  apiKeyErrors,
  type Check,
  DomainError,
  type Download,
  errors,
  type EventStream,
  Job,
  type Principal,
  requireInstanceAdmin,
  requirePermission,
  type ServiceContext,
  sessionLimits,
} from '@tenon/core';
import { z } from 'zod';
import type { RequestContext } from './context.ts';
import { invalid, toApiError, wrongField } from './errors.ts';
import {
  credentialOf,
  isOrganizationName,
  readMutationHeaders,
  readOrganizationHeader,
  refuseHeaders,
} from './headers.ts';
import { planDownload } from './http/download.ts';
import { tagsOf } from './http/etags.ts';
import { withIds } from './keys.ts';
import { LoggedCall } from './logged-call.ts';
import { type Call, type Operation, problemsOf } from './operation.ts';
import { type Problem, toProblem } from './problem.ts';

/** The service function of an operation. Each takes what its own input schema produces. */
export type Run = (ctx: ServiceContext, input: never, transport: never) => Promise<unknown>;

/** Makes the answer of an operation from what its service has answered. */
export type Show = (output: never, problemOf: (error: DomainError) => Problem) => unknown;

/**
 * Makes the function that runs an operation. It checks who the caller is, in which organization they act, whether they have the
 * permission, and what they sent. Then it calls the service. The order of these checks is part of the contract.
 * @throws ApiError
 */
export const executing =
  (run: Run, show: Show = (output) => output) =>
  async (operation: Operation, call: Call): Promise<unknown> => {
    const { request } = call;
    const logged = new LoggedCall(operation, request);
    try {
      const principal = await identify(operation, call);
      logged.principal = request.principal = principal;
      permit(operation, principal);
      const transport = operation.kind === 'stream' ? checking(operation, call, principal) : request.transport;
      const mutation = readHeaders(operation, request);
      const input = operation.parse(await call.rawInput());
      logged.input = input;
      const service = request.platform.context({
        principal,
        requestId: request.requestId,
        address: request.address,
        ...(mutation && {
          mutation: { ...mutation, procedure: call.name, input, secretAnswer: operation.secretAnswer },
        }),
      });
      const named = await withIds(service, operation, input);
      const declared = <Thrown>(thrown: Thrown) =>
        request.checkOutputs ? checkProblem(call.name, operation, thrown) : thrown;
      let answered: unknown;
      try {
        // The casts are safe: this operation's schema produced the input, and operations that use the transport run over REST only.
        answered = await run(service, named as never, transport as never);
      } catch (thrown) {
        throw declared(thrown);
      }
      const problemOf = (error: DomainError) => toProblem(toApiError(declared(error), operation.pointerOf), request);
      const shown = show(answered as never, problemOf);
      const isChecked = request.checkOutputs && operation.kind === 'stream';
      const output = isChecked ? withChecks(call.name, operation, shown as EventStream) : shown;
      const { accepted, dryRun } = service.outcome;
      if (request.checkOutputs && operation.kind !== 'stream')
        checkOutput(call.name, accepted ? { output: Job } : operation, output);
      const data = dryRun ? { dryRun: true, result: output ?? null, events: dryRun.events } : output;
      const tags = tagsOf(dryRun ? null : data, operation.revalidates, request.headers['if-none-match']);
      // The cast is safe: the service of a download answers one.
      const download = operation.kind === 'download' ? planDownload(output as Download, request) : null;
      request.answer = { input: named, data, outcome: service.outcome, ...tags, download };
      logged.succeed(request.answer, output);
      return data;
    } catch (thrown) {
      const error = toApiError(thrown, operation.pointerOf);
      logged.fail(error);
      throw error;
    }
  };

/** Makes the function by which a stream asks from time to time who its reader is by now. They stay in their organization. */
function checking(operation: Operation, call: Call, principal: Principal | null): Check {
  const organization = principal?.organizationId ?? null;
  return async () => {
    const present = await identify(operation, call, organization);
    permit(operation, present);
    if (!present) throw errors.unauthenticated();
    return present;
  };
}

/**
 * Finds out who calls, and in which organization. Null: a public operation asks nobody.
 * @param organization the id of the organization that an earlier look has found. @default the one that the call chooses
 */
async function identify(
  operation: Operation,
  call: Call,
  organization: string | null = null,
): Promise<Principal | null> {
  if (operation.access === 'public') return null;
  const { platform, headers } = call.request;
  const credential = credentialOf(headers);
  if (credential === null) throw errors.unauthenticated();
  const identity = await platform.authenticate(credential);
  // An API key must not reach the account, its credentials or the instance.
  if (identity.apiKey && !operation.apiKey) throw apiKeyErrors.api_key_refused();
  // Nor may a session that began at an organization's issuer: whoever manages that issuer can obtain one.
  if (identity.limitedToId != null && !operation.limitedSession) throw sessionLimits.session_limited();
  const chosen =
    operation.organization === 'none'
      ? {}
      : organization === null
        ? await chosenOrganization(operation, call)
        : { path: organization };
  return platform.principal(identity, operation.organization, { ...chosen, evenIf: operation.evenIf });
}

/** @throws `permission_denied` */
function permit({ access, permission }: Operation, principal: Principal | null): void {
  if (access === 'instance') requireInstanceAdmin({ principal });
  if (permission !== null) requirePermission({ principal }, permission);
}

interface ChosenOrganization {
  path?: string;
  header?: string;
}

/** The organization in the path and in the header. Core decides whether an id and a slug mean the same organization. */
function chosenOrganization(operation: Operation, call: Call): ChosenOrganization | Promise<ChosenOrganization> {
  const header = readOrganizationHeader(call.request.headers);
  const chosen = header === null ? {} : { header };
  return operation.parameters.has('organizationId') ? withPath(operation, call, chosen) : chosen;
}

async function withPath(operation: Operation, call: Call, chosen: ChosenOrganization): Promise<ChosenOrganization> {
  const path = await call.organizationInPath();
  if (isOrganizationName(path)) return { ...chosen, path };
  const message = "Must be an organization's id or slug.";
  throw invalid(wrongField(operation.pointerOf(['organizationId']), message, 'invalid_format'));
}

function readHeaders(operation: Operation, { headers }: RequestContext) {
  if (operation.type === 'mutation') {
    const read = readMutationHeaders(headers, operation);
    return operation.mutationHeaders ? read : null;
  }
  if (headers['if-match'] !== undefined) refuseHeaders(['If-Match'], 'Reading does not take this header.');
  return null;
}

/** Compares an answer with its schema, as the client will see it. Unknown fields and wrong values are our mistake. */
function checkOutput(name: string, operation: Pick<Operation, 'output'>, output: unknown): void {
  if (!operation.output) return;
  const seen: unknown = JSON.parse(JSON.stringify(output ?? null));
  const parsed = operation.output.safeParse(seen);
  if (!parsed.success) throw mistake(`${name} answered what its schema forbids: ${z.prettifyError(parsed.error)}`);
  if (!isDeepStrictEqual(parsed.data, seen))
    throw mistake(`${name} answered what its schema does not describe: ${JSON.stringify(seen)}`);
}

/** A stream that compares each frame with the schema. */
const withChecks = (name: string, operation: Operation, stream: EventStream): EventStream => ({
  get position() {
    return stream.position;
  },
  ended: stream.ended,
  close: () => stream.close(),
  async next(idleMs) {
    const frame = await stream.next(idleMs);
    if (frame !== null && frame !== 'idle' && frame.kind !== 'closed') checkOutput(name, operation, frame);
    return frame;
  },
});

/** Compares an error with the declared problems, so that the document lists all of them. */
function checkProblem(name: string, operation: Operation, thrown: unknown): unknown {
  if (!(thrown instanceof DomainError) || problemsOf(operation).some(({ code }) => code === thrown.code)) return thrown;
  return mistake(`${name} answered the problem ${thrown.code}, which it does not declare.`);
}

const mistake = (message: string): DomainError => errors.internal({ message });
