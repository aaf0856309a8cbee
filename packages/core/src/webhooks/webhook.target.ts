import { isIP } from 'node:net';
import { isPublicAddress } from '../kernel/public-address.ts';
import type { CoreSettings } from '../kernel/settings.ts';

type TargetSettings = Pick<CoreSettings, 'webhookAllowedHosts'>;

const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80');

/** Whether the operator allows this host and port in a private network or without TLS. */
export const isAllowedHost = ({ webhookAllowedHosts = [] }: TargetSettings, url: URL): boolean =>
  webhookAllowedHosts.includes(`${url.hostname}:${portOf(url)}`);

/**
 * Says why the server would never send to a URL, judging by the URL alone. The addresses of a host name are checked at connection.
 * @returns null when the server may try
 */
export function targetProblem(settings: TargetSettings, url: URL): string | null {
  if (isAllowedHost(settings, url)) return null;
  if (url.protocol !== 'https:') return 'Must be a URL with https.';
  // The URL parser has already normalized numeric, octal and short forms of addresses.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0 && !isPublicAddress(host)) return 'Must not be an address in a private network.';
  return null;
}
