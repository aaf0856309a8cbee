import type { IncomingHttpHeaders } from 'node:http';
import type { MutationOutcome, Platform as CorePlatform, Principal } from '@tenon/core';
import type { Context } from './meta.ts';

/** What the API asks of the platform. */
export type Platform = Pick<CorePlatform, 'authenticate' | 'principal' | 'context'> & {
  readonly settings: Pick<CorePlatform['settings'], 'refreshTokenDays'>;
};

/** What a `restOnly` procedure may know of HTTP. */
export interface Transport {
  /** @throws `cross_site_request` when a page of another site sent it */
  readonly refreshCookie: string | null;
  /** Sets the refresh cookie, or clears it. */
  setRefreshCookie(token: string | null): void;
  /** What a sign-in elsewhere was bound to this browser with. */
  oidcBinding(flow: string): string | null;
  setOidcBinding(flow: string, binding: string | null): void;
  readonly userAgent: string | null;
}

/** How a procedure answered. */
export interface Answer {
  readonly input: Record<string, unknown>;
  readonly data: unknown;
  readonly outcome: MutationOutcome;
}

interface RequestParts {
  platform: Platform;
  requestId: string;
  /** The URL, after aliases. */
  url: string;
  headers: IncomingHttpHeaders;
  address: string;
  transport: Transport | null;
  checkOutputs: boolean;
}

/** One HTTP request, whichever transport it came by. */
export class RequestContext implements Context {
  readonly platform: Platform;
  readonly requestId: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The client's network address. */
  readonly address: string;
  /** Null over tRPC. */
  readonly transport: Transport | null;
  /** Whether answers are held against their schemas: in tests. */
  readonly checkOutputs: boolean;
  /** Who acts; null until admitted, and for anonymous callers. */
  principal: Principal | null = null;
  /** Of the last procedure that succeeded. */
  answer: Answer | null = null;

  constructor(parts: RequestParts) {
    this.platform = parts.platform;
    this.requestId = parts.requestId;
    this.url = parts.url;
    this.headers = parts.headers;
    this.address = parts.address;
    this.transport = parts.transport;
    this.checkOutputs = parts.checkOutputs;
  }
}

export function requestContext(ctx: Context): RequestContext {
  if (ctx instanceof RequestContext) return ctx;
  throw new TypeError('A procedure is called with the context of a transport.');
}
