import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Agent, fetch as undiciFetch } from 'undici';
import { isLocalhost } from './localhost.ts';

/** No discovery document, key set or token is larger. */
const largestAnswer = 1024 * 1024;
const connectMs = 5000;
const answerMs = 10_000;

const forbidden = new BlockList();
const networks4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
  ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15],
  ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 3],
]; // prettier-ignore
for (const [network, bits] of networks4) forbidden.addSubnet(network, bits, 'ipv4');

/** The globally routed part of IPv6. The ranges that embed IPv4 addresses are forbidden below. */
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');
const carriers6: readonly (readonly [string, number])[] = [
  ['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20],
]; // prettier-ignore
for (const [network, bits] of carriers6) forbidden.addSubnet(network, bits, 'ipv6');

/** Whether an IP address is public: not private, not local, not reserved. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !forbidden.check(address, 'ipv4');
  return isIP(address) === 6 && global6.check(address, 'ipv6') && !forbidden.check(address, 'ipv6');
}

class ForbiddenAddress extends Error {
  constructor(host: string) {
    super(`${host} is not a public address.`);
    this.name = 'ForbiddenAddress';
  }
}

/** Checks the addresses that the connection uses, so that a name cannot resolve differently after the check. */
const publicLookup: LookupFunction = (hostname, options, done) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error || !first) return done(error ?? new ForbiddenAddress(hostname), '');
    if (!addresses.every(({ address }) => isPublicAddress(address))) return done(new ForbiddenAddress(hostname), '');
    return options.all ? done(null, addresses) : done(null, first.address, first.family);
  });
};

const limits = { headersTimeout: answerMs, bodyTimeout: answerMs, maxResponseSize: largestAnswer };
const anywhere = new Agent({ ...limits, connect: { timeout: connectMs } });
const openInternet = new Agent({ ...limits, connect: { timeout: connectMs, lookup: publicLookup } });

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
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (!privateNetworks && isIP(host) !== 0 && !isPublicAddress(host)) throw new ForbiddenAddress(host);
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
