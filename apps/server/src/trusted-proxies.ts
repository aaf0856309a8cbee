import { BlockList, isIP } from 'node:net';
import { parseAddress } from '@tenon/core';

/** Whose X-Forwarded-* headers are believed: everybody's, nobody's, those of a number of proxies, or of these addresses and networks. */
export type TrustProxy = boolean | number | readonly string[];

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Whether a text is an IP address, or a network such as 10.0.0.0/8. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (prefix === undefined || rest.length > 0) return rest.length === 0 && bits > 0;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
}

function listOf(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', prefix] = proxy.split('/');
    if (prefix === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

/** For Fastify's option `trustProxy`. Fastify asks about each address, from this server outwards, until one is not trusted. */
export function trustedProxies(trusted: TrustProxy): boolean | ((address: string | undefined, hop: number) => boolean) {
  if (typeof trusted === 'boolean') return trusted;
  if (typeof trusted === 'number') return (_address, hop) => hop < trusted;
  const list = listOf(trusted);
  return (text) => {
    const address = parseAddress(text ?? '');
    return address !== null && list.check(address, familyOf(address));
  };
}
