import { Agent, fetch as undiciFetch } from 'undici';
import { publicConnector } from '../../kernel/public-connector.ts';
import { isLocalhost } from './localhost.ts';

/** No discovery document, key set or token is larger. */
const largestAnswer = 1024 * 1024;
const connectMs = 5000;
const answerMs = 10_000;

const limits = { headersTimeout: answerMs, bodyTimeout: answerMs, maxResponseSize: largestAnswer };
const anywhere = new Agent({ ...limits, connect: { timeout: connectMs } });
const openInternet = new Agent({ ...limits, connect: publicConnector({ timeoutMs: connectMs }) });

/** The body of a form, which is all that we send to an issuer. */
function formOf(body: unknown): string {
  if (body instanceof URLSearchParams) return body.toString();
  if (typeof body === 'string') return body;
  throw new TypeError('Only forms are sent to an issuer.');
}

/** The part of `fetch` that the libraries use. */
export type GuardedFetch = (
  url: string,
  options: {
    method: string;
    headers: Headers | Record<string, string>;
    body?: ArrayBuffer | null | ReadableStream | string | Uint8Array | undefined | URLSearchParams;
    signal?: AbortSignal;
  },
) => Promise<Response>;

/**
 * Makes a safe `fetch` for the URLs in an issuer's documents. It allows https, and http to this machine for an operator's issuer. It
 * follows no redirects, and stops after 10 seconds or 1 MiB.
 * @param privateNetworks whether addresses that are not public are allowed: only for an issuer that an operator has chosen
 */
export function guardedFetch(privateNetworks: boolean): GuardedFetch {
  return async (address, { method, headers, body, signal }) => {
    const url = new URL(address);
    const plain = privateNetworks && url.protocol === 'http:' && isLocalhost(url);
    if (url.protocol !== 'https:' && !plain) throw new TypeError(`${url.origin} is not https.`);
    const response = await undiciFetch(url, {
      method,
      headers: Object.fromEntries(new Headers(headers)),
      ...(body === undefined || body === null ? {} : { body: formOf(body) }),
      ...(signal ? { signal } : {}),
      redirect: 'manual',
      dispatcher: privateNetworks ? anywhere : openInternet,
    });
    const bytes = await response.arrayBuffer();
    // A status that allows no body rejects even an empty one.
    return new Response(bytes.byteLength === 0 ? null : bytes, {
      status: response.status,
      headers: Object.fromEntries(response.headers),
    });
  };
}
