import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isPublicAddress } from './public-address.ts';

export class ForbiddenAddress extends Error {
  constructor(host: string) {
    super(`${host} is not a public address.`);
    this.name = 'ForbiddenAddress';
  }
}

/** Resolves a host name to all its addresses. */
export type Resolve = (host: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

/** Makes a connector to one of the given addresses, whatever the host name resolves to by then. */
export type Dial = (addresses: readonly LookupAddress[], timeoutMs: number) => buildConnector.connector;

const resolveBySystem: Resolve = (host, done) =>
  lookup(host, { all: true }, (error, found) => done(error, found ?? []));

const dial: Dial = (addresses, timeout) => {
  const known: LookupFunction = (host, { all }, done) => {
    const [first] = addresses;
    if (!first) done(new ForbiddenAddress(host), '');
    else if (all) done(null, [...addresses]);
    else done(null, first.address, first.family);
  };
  // Each connection has its own connector, so TLS sessions need not be cached.
  return buildConnector({ timeout, lookup: known, maxCachedSessions: 0 });
};

interface ConnectorOptions {
  /** How long a connection may take after the host name was resolved. */
  timeoutMs: number;
  /** @default the resolver of the system */
  resolve?: Resolve;
  /** @default connects */
  dial?: Dial;
}

/**
 * Connects an HTTP agent of undici only to public addresses. It resolves a name once, checks every address, and connects to one of the
 * checked addresses. So a name cannot resolve differently after the check. It fails with ForbiddenAddress.
 */
export function publicConnector({
  timeoutMs,
  resolve = resolveBySystem,
  dial: dialing = dial,
}: ConnectorOptions): buildConnector.connector {
  return (options, done) => {
    const { hostname } = options;
    const family = isIP(hostname);
    const connect = (error: Error | null, addresses: readonly LookupAddress[]): void => {
      if (error) return done(error, null);
      if (addresses.length === 0 || !addresses.every(({ address }) => isPublicAddress(address)))
        return done(new ForbiddenAddress(hostname), null);
      return dialing(addresses, timeoutMs)(options, done);
    };
    if (family === 0) resolve(hostname, connect);
    else connect(null, [{ address: hostname, family }]);
  };
}
