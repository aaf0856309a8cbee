import { makeAccountToken, notificationTypes } from '@tenon/core';
import { samplesOf } from '../contract/testing/samples.ts';

const twoDigits = (below: number): string => String(Math.floor(Math.random() * below)).padStart(2, '0');

/** A time of day that is not the one of the last call. */
const aTime = (): string => `${twoDigits(24)}:${twoDigits(60)}`;

export default samplesOf('notificationPreferences', {
  get: { input: () => ({}) },
  update: {
    input: () => ({
      preferences: notificationTypes.map((type) => ({ type, inApp: true, email: 'digest' as const })),
      quietHours: { from: '20:00', to: '07:30' },
      digestAt: aTime(),
    }),
  },
  unsubscribe: {
    input: async ({ organization }, { platform }) => {
      const { userId } = await organization.addMember('viewer');
      const expires = new Date(platform.clock.now().getTime() + 3_600_000);
      return { token: makeAccountToken(platform.settings, 'unsubscribe', { id: userId, boundTo: [] }, expires) };
    },
  },
});
