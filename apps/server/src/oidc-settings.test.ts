import { describe, expect, it } from 'vitest';
import { readOidcIssuers } from './oidc-settings.ts';
import { SettingsError } from './settings-error.ts';
import { readSettings } from './settings.ts';

const keycloak = {
  OIDC_KEYCLOAK_ISSUER: 'https://id.example.com/realms/tenon',
  OIDC_KEYCLOAK_CLIENT_ID: 'tenon',
  OIDC_KEYCLOAK_CLIENT_SECRET: 'a secret',
};

function failureOf(environment: NodeJS.ProcessEnv): SettingsError {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error;
  }
  throw new Error('The settings were read.');
}

describe('the issuers of the installation', () => {
  it('are none by default', () => expect(readOidcIssuers({})).toEqual({ issuers: [], problems: [] }));

  it('ignore the setting about issuers of organizations', () =>
    expect(readOidcIssuers({ OIDC_ORGANIZATION_PRIVATE_NETWORKS: 'true' })).toEqual({ issuers: [], problems: [] }));

  it('are one for each name', () => {
    const google = {
      OIDC_GOOGLE_ISSUER: 'https://accounts.google.com',
      OIDC_GOOGLE_CLIENT_ID: 'g',
      OIDC_GOOGLE_LABEL: 'Google Workspace',
      OIDC_GOOGLE_SCOPES: 'openid email',
      OIDC_GOOGLE_CLIENT_SECRET: '',
    };
    expect(readOidcIssuers({ ...keycloak, ...google, PATH: '/bin' })).toEqual({
      problems: [],
      issuers: [
        {
          key: 'keycloak',
          name: 'Keycloak',
          issuer: 'https://id.example.com/realms/tenon',
          clientId: 'tenon',
          clientSecret: 'a secret',
          scopes: ['openid', 'email', 'profile'],
        },
        {
          key: 'google',
          name: 'Google Workspace',
          issuer: 'https://accounts.google.com',
          clientId: 'g',
          clientSecret: null,
          scopes: ['openid', 'email'],
        },
      ],
    });
  });

  it('may use http on the same machine only', () => {
    const problemsWith = (issuer: string) =>
      readOidcIssuers({ ...keycloak, OIDC_KEYCLOAK_ISSUER: issuer }).problems.map(({ variable }) => variable);
    for (const issuer of ['http://localhost:8080/realms/tenon', 'http://keycloak.localhost:8080/realms/tenon'])
      expect(problemsWith(issuer)).toEqual([]);
    for (const issuer of [
      'http://id.example.com',
      'ftp://localhost',
      'id.example.com',
      'https://a.example/?b',
      'https://a.example/?',
      'https://a.exam\tple/',
      'https://u:p@a.example',
    ])
      expect(problemsWith(issuer)).toEqual(['OIDC_KEYCLOAK_ISSUER']);
  });

  it('name everything that is wrong at once, and repeat no secret', () => {
    const secret = 'x'.repeat(5000);
    const wrong = {
      OIDC_A_CLIENT_SECRET: secret,
      OIDC_A_SCOPES: 'email',
      OIDC_A_CLIENTID: 'a',
      OIDC_ISSUER: 'https://id.example.com',
      PORT: 'none',
    };
    const failure = failureOf({ ...wrong, NODE_ENV: 'development' });
    expect(failure.problems.map(({ variable }) => variable).toSorted()).toEqual([
      'OIDC_A_CLIENTID',
      'OIDC_A_CLIENT_ID',
      'OIDC_A_CLIENT_SECRET',
      'OIDC_A_ISSUER',
      'OIDC_A_SCOPES',
      'OIDC_ISSUER',
      'PORT',
    ]);
    expect(failure.message).not.toContain(secret);
  });
});
