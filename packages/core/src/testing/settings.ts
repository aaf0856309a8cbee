import type { CoreSettings } from '../kernel/settings.ts';

/** The settings of tests that sign and read tokens without a platform. */
export const tokenSettings: CoreSettings = {
  production: false,
  publicUrl: 'https://tenon.example',
  corsOrigins: [],
  dataDirectory: '/nowhere',
  secretKey: 'a-secret-key-for-tests-0123456789abcdef',
  encryptionKeys: [],
  accessTokenMinutes: 20,
  refreshTokenDays: 3,
  requireVerifiedEmail: true,
  passwordMinLength: 8,
  attemptsPerAddress: 50,
};
