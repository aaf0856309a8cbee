import { isIssuerIdentifier, type PlatformSettings } from '@tenon/core';
import { z } from 'zod';
import type { SettingProblem } from './settings-error.ts';

type OidcIssuer = NonNullable<PlatformSettings['oidcIssuers']>[number];

/** The variables of one issuer, by what follows `OIDC_<NAME>_`: how each is read, and what would be valid. */
const parts = {
  ISSUER: [
    z.string().refine(isIssuerIdentifier),
    'the issuer identifier, such as https://id.example.com/realms/tenon (http on localhost only)',
  ],
  CLIENT_ID: [z.string().max(255), 'the id of the client that you registered at the issuer'],
  CLIENT_SECRET: [
    z.string().max(4096).nullable().default(null),
    'the secret of that client, or leave it out for a public client',
  ],
  LABEL: [z.string().max(100).optional(), 'the text on the button, at most 100 characters'],
  SCOPES: [
    z
      .string()
      .transform((text) => text.split(/[\s,]+/).filter(Boolean))
      .refine((scopes) => scopes.includes('openid'))
      .default(['openid', 'email', 'profile']),
    'scopes separated by spaces, openid among them',
  ],
} satisfies Record<string, readonly [z.ZodType, string]>;

type Part = keyof typeof parts;
type Values = { [Key in Part]: z.output<(typeof parts)[Key][0]> };

const partNames = Object.keys(parts) as Part[];
/** The variables of one issuer. */
export const oidcVariables = partNames.map((part) => `OIDC_<NAME>_${part}`);
const variable = /^OIDC_([A-Z][A-Z0-9]{0,30})_([A-Z_]+)$/;
/** A separate setting, about issuers that organizations choose themselves. */
const ofOrganizations = 'OIDC_ORGANIZATION_PRIVATE_NETWORKS';
const isPart = (name: string): name is Part => Object.hasOwn(parts, name);

/**
 * Reads the issuers at which people can sign in: one for each NAME in `OIDC_<NAME>_ISSUER`, `…_CLIENT_ID`, `…_CLIENT_SECRET`,
 * `…_LABEL` and `…_SCOPES`. The name in lower case is the issuer's key in the API.
 */
export function readOidcIssuers(environment: NodeJS.ProcessEnv): { issuers: OidcIssuer[]; problems: SettingProblem[] } {
  const problems: SettingProblem[] = [];
  const given = new Map<string, Partial<Record<Part, string>>>();
  for (const [name, text = ''] of Object.entries(environment)) {
    if (!name.startsWith('OIDC_') || name === ofOrganizations || text.trim() === '') continue;
    const [, issuer = '', part = ''] = variable.exec(name) ?? [];
    if (isPart(part)) given.set(issuer, { ...given.get(issuer), [part]: text.trim() });
    else {
      const expected = `nothing, or use one of ${oidcVariables.join(', ')}, with letters and digits as NAME`;
      problems.push({ variable: name, problem: 'is not a setting', expected });
    }
  }
  const issuers = [...given].map(([name, texts]) => readIssuer(name, texts, problems));
  return { issuers: issuers.filter((issuer) => issuer !== null), problems };
}

function readIssuer(name: string, texts: Partial<Record<Part, string>>, problems: SettingProblem[]): OidcIssuer | null {
  const values: Partial<Record<Part, unknown>> = {};
  const before = problems.length;
  for (const part of partNames) {
    const [schema, expected] = parts[part];
    const text = texts[part];
    const parsed = schema.safeParse(text);
    if (parsed.success) values[part] = parsed.data;
    else {
      // The text may be a secret.
      const wrong = part === 'CLIENT_SECRET' ? 'is not a valid secret' : `is ${JSON.stringify(text)}`;
      const problem = text === undefined ? 'is missing' : wrong;
      problems.push({ variable: `OIDC_${name}_${part}`, problem, expected });
    }
  }
  if (problems.length > before) return null;
  const { ISSUER, CLIENT_ID, CLIENT_SECRET, LABEL, SCOPES } = values as Values;
  const key = name.toLowerCase();
  const label = LABEL ?? `${name.charAt(0)}${key.slice(1)}`;
  return { key, name: label, issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, scopes: SCOPES };
}
