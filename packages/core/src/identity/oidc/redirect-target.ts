import { errors } from '../../kernel/errors.ts';
import { isUuid } from '../../kernel/ids.ts';
import type { CoreSettings } from '../../kernel/settings.ts';

const loopback: readonly string[] = ['127.0.0.1', '[::1]'];

/** Which organization's identity provider an issuer is, by the id that the API has for it; null is one of the installation. */
export const providerOf = (issuerRef: string): string | null => (isUuid(issuerRef) ? issuerRef : null);

const endpoint = ({ publicUrl }: CoreSettings, name: string, issuerRef: string): string =>
  [`${publicUrl}/api/v1/auth/oidc/${name}`, providerOf(issuerRef) ?? []].flat().join('/');

/**
 * Where an issuer sends the browser back to: what a client is registered with. Each organization's has one of its own, so that no
 * code which was meant for one issuer is ever handed to another (mix-up).
 */
export const oidcCallbackUrl = (settings: CoreSettings, issuerRef: string): string =>
  endpoint(settings, 'callback', issuerRef);

/** Where an issuer says that somebody has signed out there. */
export const oidcLogoutUrl = (settings: CoreSettings, issuerRef: string): string =>
  endpoint(settings, 'backchannel-logout', issuerRef);

/**
 * Where a browser may be sent in the end, whole: a path of this server, or a page of this server or of an allowed origin. What is
 * answered is what was checked, as the URL parser reads it: `//host`, `/\host` and the like are other hosts.
 * @param loopbackToo for programs that listen on their own machine while they sign in (RFC 8252, section 7.3)
 * @throws `validation_failed` at `redirectTo`
 */
export function redirectTarget(
  settings: CoreSettings,
  redirectTo: string,
  { loopbackToo }: { loopbackToo: boolean },
): string {
  const url = redirectTo.startsWith('/') ? URL.parse(redirectTo, settings.publicUrl) : URL.parse(redirectTo);
  const origins = [new URL(settings.publicUrl).origin, ...settings.corsOrigins];
  const known = url !== null && origins.includes(url.origin);
  const own = loopbackToo && url?.protocol === 'http:' && loopback.includes(url.hostname);
  if (!url || !(known || own) || url.username !== '' || url.password !== '')
    throw errors.validation_failed({
      field: ['redirectTo'],
      message: 'Must be a path, or a URL of this server or of an allowed origin.',
    });
  return url.href;
}

/** The target with more parameters in its query. */
export function withParameters(target: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(target);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}
