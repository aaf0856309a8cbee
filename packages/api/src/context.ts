import type { IncomingHttpHeaders } from 'node:http';
import type { ByteRange, IncomingFile, MutationOutcome, Platform as CorePlatform, Principal } from '@tenon/core';
import type { AnswerTags } from './http/etags.ts';
import type { Context } from './meta.ts';

/** The parts of the platform that the API uses. */
export type Platform = Pick<CorePlatform, 'authenticate' | 'principal' | 'context'> & {
  readonly apiLog: Pick<CorePlatform['apiLog'], 'add'>;
  readonly settings: Pick<CorePlatform['settings'], 'refreshTokenDays' | 'publicUrl'>;
};

/** The parts of HTTP that a `restOnly` procedure may use. */
export interface Transport {
  /** @throws `cross_site_request` when a page of another site sent the request */
  readonly refreshCookie: string | null;
  /** Sets the refresh cookie. Null clears it. */
  setRefreshCookie(token: string | null): void;
  /** Reads the cookie that binds a sign-in at an issuer to this browser. */
  oidcBinding(flow: string): string | null;
  /** Sets that cookie. Null clears it. */
  setOidcBinding(flow: string, binding: string | null): void;
  readonly userAgent: string | null;
  /** The file in the body of an upload. Nobody has read it yet. */
  readonly upload: IncomingFile;
}

/** How a file is sent: whole, in part, by the address at which the storage sends it, or not at all because the client has it. */
export interface DownloadPlan {
  readonly status: 200 | 206 | 302 | 304;
  /** Null unless the status is 206. */
  readonly range: ByteRange | null;
}

/** What a procedure answered. */
export interface Answer extends AnswerTags {
  readonly input: Record<string, unknown>;
  readonly data: unknown;
  readonly outcome: MutationOutcome;
  /** How the file is sent that `data` is. Null unless the operation is a download. */
  readonly download: DownloadPlan | null;
}

/** What a transport makes the context of a request from. */
export interface RequestParts {
  platform: Platform;
  requestId: string;
  method: string;
  /** The URL after aliases were rewritten. */
  url: string;
  headers: IncomingHttpHeaders;
  address: string;
  transport: Transport | null;
  checkOutputs: boolean;
  compress: boolean;
  /** The members that occur twice in the JSON of one call of a batch. @default none */
  repeatedIn?: (batchIndex: number) => readonly (readonly PropertyKey[])[];
}

/** One HTTP request, over REST or tRPC. */
export class RequestContext implements Context {
  readonly platform: Platform;
  readonly requestId: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The client's network address. */
  readonly address: string;
  /** Null over tRPC. */
  readonly transport: Transport | null;
  /** Whether answers and problems are compared with their declaration. Tests set it. */
  readonly checkOutputs: boolean;
  /** Whether long answers are compressed for clients that accept it. */
  readonly compress: boolean;
  readonly repeatedIn: NonNullable<RequestParts['repeatedIn']>;
  /** The caller. Null for anonymous callers, and until the caller is admitted. */
  principal: Principal | null = null;
  /** The answer of the last procedure that succeeded. */
  answer: Answer | null = null;

  constructor(parts: RequestParts) {
    this.platform = parts.platform;
    this.requestId = parts.requestId;
    this.method = parts.method;
    this.url = parts.url;
    this.headers = parts.headers;
    this.address = parts.address;
    this.transport = parts.transport;
    this.checkOutputs = parts.checkOutputs;
    this.compress = parts.compress;
    this.repeatedIn = parts.repeatedIn ?? (() => []);
  }
}

export function requestContext(ctx: Context): RequestContext {
  if (!(ctx instanceof RequestContext)) throw new Error('A procedure is called with the context of a transport.');
  return ctx;
}
