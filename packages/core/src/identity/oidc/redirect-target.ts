import { errors } from '../../kernel/errors.ts';
import { isUuid } from '../../kernel/ids.ts';
import type { CoreSettings } from '../../kernel/settings.ts';

const loopback: readonly string[] = ['127.0.0.1', '[::1]'];

/** The identity provider of an organization, by the issuer id that the API uses; null for an issuer of the installation. */
export const providerOf = (issuerRef: string): string | null => (isUuid(issuerRef) ? issuerRef : null);

const endpoint = ({ publicUrl }: CoreSettings, name: string, issuerRef: string): string =>
  [`${publicUrl}/api/v1/auth/oidc/${name}`, providerOf(issuerRef) ?? []].flat().join('/');

/**
 * The URL to which an issuer sends the browser back; the client is registered with it. Each organization's issuer has its own, so
 * that a code for one issuer never goes to another (mix-up attack).
 */
export const oidcCallbackUrl = (settings: CoreSettings, issuerRef: string): string =>
  endpoint(settings, 'callback', issuerRef);

/** The URL to which an issuer reports sign-outs. */
export const oidcLogoutUrl = (settings: CoreSettings, issuerRef: string): string =>
  endpoint(settings, 'backchannel-logout', issuerRef);

/**
 * Checks where the browser goes in the end: to a path or page of this server, or to a page of an allowed origin. Answers the URL as
 * the parser reads it, so that it is exactly what was checked: `//host`, `/\host` and the like are other hosts.
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

/** Adds query parameters to a URL. */
export function withParameters(target: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(target);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}
