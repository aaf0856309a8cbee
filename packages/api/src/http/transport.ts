import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Transport } from '../context.ts';
import { transportErrors } from '../errors.ts';
import { MultipartFile } from './upload.ts';

/** The document names this cookie as a credential. */
export const refreshCookieName = 'tenon_refresh';

const refreshAttributes = 'Path=/api; HttpOnly; SameSite=Strict';

const bindingCookieName = (flow: string): string => `tenon_oidc_${flow}`;
/** Lax, because the browser must send it when it comes back from another site. */
const bindingAttributes = 'Path=/api/v1/auth/oidc; HttpOnly; SameSite=Lax';
const bindingSeconds = 600;

/** Reads one cookie of a Cookie header. */
function readCookie(header: string, name: string): string | null {
  const prefix = `${name}=`;
  const pair = header.split(/; */).find((part) => part.startsWith(prefix));
  const value = pair?.slice(prefix.length);
  try {
    return value ? decodeURIComponent(value) : null;
  } catch {
    return null;
  }
}

interface CookieSettings {
  refreshTokenDays: number;
  /** Where people reach the server. Its pages may use the refresh cookie. */
  publicUrl: string;
  /** The origins of other pages that may use the refresh cookie. The API's own origin always may. */
  trustedOrigins: readonly string[];
}

const isLocal = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';

/**
 * Whether the server is plain HTTP on this machine, where browsers drop a cookie that is Secure. A proxy may replace Host by 127.0.0.1,
 * as nginx does by default, so the public URL must say so too.
 */
function isPlainLocal(publicUrl: string, { protocol, hostname }: FastifyRequest): boolean {
  const url = new URL(publicUrl);
  return url.protocol === 'http:' && isLocal(url.hostname) && protocol === 'http' && isLocal(hostname);
}

/** The settings that say which pages may use this server. */
export type OriginSettings = Pick<CookieSettings, 'publicUrl' | 'trustedOrigins'>;

/** Whether a page of an origin may use this server: its own pages, and those of the settings. */
export function isTrustedOrigin(
  origin: string,
  { protocol, host }: Pick<FastifyRequest, 'protocol' | 'host'>,
  { publicUrl, trustedOrigins }: OriginSettings,
): boolean {
  const own = [`${protocol}://${host}`, new URL(publicUrl).origin];
  return own.includes(origin) || trustedOrigins.includes(origin);
}

/** The transport of REST. */
export class HttpTransport implements Transport {
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #settings: CookieSettings;

  constructor(request: FastifyRequest, reply: FastifyReply, settings: CookieSettings) {
    this.#request = request;
    this.#reply = reply;
    this.#settings = settings;
  }

  get refreshCookie(): string | null {
    const token = readCookie(this.#request.headers.cookie ?? '', refreshCookieName);
    if (token === null) return null;
    // Checked only when the cookie is read, as it is then the caller's only credential. A token in the body needs no check.
    if (!this.#isSameOrigin()) throw transportErrors.cross_site_request();
    return token;
  }

  setRefreshCookie(token: string | null): void {
    this.#setCookie(refreshCookieName, token, this.#settings.refreshTokenDays * 86_400, refreshAttributes);
  }

  oidcBinding(flow: string): string | null {
    return readCookie(this.#request.headers.cookie ?? '', bindingCookieName(flow));
  }

  setOidcBinding(flow: string, binding: string | null): void {
    this.#setCookie(bindingCookieName(flow), binding, bindingSeconds, bindingAttributes);
  }

  #setCookie(name: string, value: string | null, seconds: number, attributes: string): void {
    const secure = !isPlainLocal(this.#settings.publicUrl, this.#request);
    const maxAge = value === null ? 0 : seconds;
    const cookie = `${name}=${encodeURIComponent(value ?? '')}; Max-Age=${maxAge}; ${attributes}`;
    this.#reply.header('set-cookie', secure ? `${cookie}; Secure` : cookie);
  }

  get userAgent(): string | null {
    return this.#request.headers['user-agent'] ?? null;
  }

  get upload(): MultipartFile {
    return new MultipartFile(this.#request);
  }

  /**
   * Browsers send Origin with every request that could change something, or at least Sec-Fetch-Site. Other clients have no
   * cookies that another site could use.
   */
  #isSameOrigin(): boolean {
    const { origin, 'sec-fetch-site': site } = this.#request.headers;
    if (origin === undefined) return site === undefined || site === 'same-origin' || site === 'none';
    return isTrustedOrigin(origin, this.#request, this.#settings);
  }
}
