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

/** Finds all addresses of the name of a host. */
export type Resolve = (host: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

/** Makes what connects to one of some addresses, whatever the name of the host resolves to by then. */
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
  // A connector of its own for each connection keeps no TLS sessions.
  return buildConnector({ timeout, lookup: known, maxCachedSessions: 0 });
};

interface ConnectorOptions {
  /** How long a connection may take, after the name of the host was resolved. */
  timeoutMs: number;
  /** @default the resolver of the system */
  resolve?: Resolve;
  /** @default connects */
  dial?: Dial;
}

/**
 * Connects an HTTP agent of undici to public addresses only. It resolves a name once, checks every address, and connects to one of those that
 * it has checked, so a name cannot resolve differently after the check. It fails with ForbiddenAddress.
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
