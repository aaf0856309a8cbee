import { BlockList, isIP } from 'node:net';

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
