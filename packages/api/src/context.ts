import type { IncomingHttpHeaders } from 'node:http';
import type { MutationOutcome, MutationRequest, Principal, ServiceContext } from '@tenon/core';
import type { Context, OrganizationNeed } from './meta.ts';

/** What the API asks of the platform. */
export interface Platform {
  readonly settings: { readonly refreshTokenDays: number };
  /** @throws `unauthenticated` unless the token, its session and its user are all alive */
  authenticate(accessToken: string): Promise<{ userId: string; sessionId: string }>;
  /**
   * Loads who acts, with the active organization. The path's and the header's are ids or slugs.
   * @throws `no_organization`, `organization_required`, `organization_not_found`, `validation_failed` when they differ
   */
  principal(
    identity: { userId: string; sessionId: string | null },
    need: OrganizationNeed,
    chosen: { path?: string; header?: string },
  ): Promise<Principal>;
  context(parts: { principal: Principal | null; requestId: string; mutation?: MutationRequest }): ServiceContext;
}

/** What a `restOnly` procedure may know of HTTP. */
export interface Transport {
  /** @throws `cross_site_request` when a page of another site sent it */
  readonly refreshCookie: string | null;
  /** Sets the refresh cookie, or clears it. */
  setRefreshCookie(token: string | null): void;
  readonly userAgent: string | null;
  /** The client's network address. */
  readonly address: string;
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
  transport: Transport | null;
  checkOutputs: boolean;
}

/** One HTTP request, whichever transport it came by. */
export class RequestContext implements Context {
  readonly platform: Platform;
  readonly requestId: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
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
    this.transport = parts.transport;
    this.checkOutputs = parts.checkOutputs;
  }
}

export function requestContext(ctx: Context): RequestContext {
  if (ctx instanceof RequestContext) return ctx;
  throw new TypeError('A procedure is called with the context of a transport.');
}
