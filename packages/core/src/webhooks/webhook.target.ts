import { isIP } from 'node:net';
import { isPublicAddress } from '../kernel/public-address.ts';
import type { CoreSettings } from '../kernel/settings.ts';

type TargetSettings = Pick<CoreSettings, 'webhookAllowedHosts'>;

const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80');

/** Whether the operator allows a host and port although it is in a private network, or has no TLS. */
export const isAllowedHost = ({ webhookAllowedHosts = [] }: TargetSettings, url: URL): boolean =>
  webhookAllowedHosts.includes(`${url.hostname}:${portOf(url)}`);

/**
 * Says why nothing is ever sent to a URL, as far as the URL itself tells. The addresses of a name are checked when it is connected to.
 * @returns null when it may be tried
 */
export function targetProblem(settings: TargetSettings, url: URL): string | null {
  if (isAllowedHost(settings, url)) return null;
  if (url.protocol !== 'https:') return 'Must be a URL with https.';
  // The URL parser has written numbers, octal and short forms of addresses in the usual form.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0 && !isPublicAddress(host)) return 'Must not be an address in a private network.';
  return null;
}
