import { errors } from '../../kernel/errors.ts';
import type { CoreSettings } from '../../kernel/settings.ts';

const loopback: readonly string[] = ['127.0.0.1', '[::1]'];

/** Where an installation's issuers send the browser back to: what a client is registered with. */
export const oidcCallbackUrl = ({ publicUrl }: CoreSettings): string => `${publicUrl}/api/v1/auth/oidc/callback`;

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
