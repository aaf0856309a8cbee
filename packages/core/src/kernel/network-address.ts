import { isIPv4, isIPv6 } from 'node:net';

const ipv4OfMapped = (address: string): string | null => {
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return null;
  const bits = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
};

/**
 * Parses a network address as sockets and proxies write it: with or without port, brackets, quotes and zone.
 * @returns its canonical spelling, in which IPv4 inside IPv6 becomes IPv4. Null when the text is not an address
 */
export function parseAddress(text: string): string | null {
  // Almost all sockets have an IPv4 address, so this comes first.
  if (isIPv4(text)) return text;
  const written = text.trim().replace(/^"(.*)"$/, '$1');
  const [, inBrackets] = /^\[(.*)\](?::\d{1,5})?$/.exec(written) ?? [];
  const [, beforePort] = /^([\d.]+):\d{1,5}$/.exec(written) ?? [];
  const address = (inBrackets ?? beforePort ?? written).replace(/%[\w.-]+$/, '');
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return null;
  // The URL parser writes an address in its canonical short form.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return ipv4OfMapped(short) ?? short;
}

/** The network that counts as one caller: an IPv4 address, or on IPv6 the /64 that one subscriber has. */
export function networkOf(text: string): string {
  const address = parseAddress(text);
  if (address === null || !isIPv6(address)) return address ?? text;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - groups.length - after.length }, () => '0');
  return [...groups, ...zeros, ...after].slice(0, 4).join(':');
}
