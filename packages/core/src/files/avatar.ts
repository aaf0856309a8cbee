import { fileErrors } from './file.errors.ts';
import type { ReceivedFile } from './receive.ts';

/** A picture of a person or an organization, as its row stores it. */
export interface Avatar extends ReceivedFile {
  /** Its key in the store. */
  readonly key: string;
}

/** The types of pictures that cannot contain a script. */
const taken = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

/** The limits of avatars. */
export const avatarLimits = {
  maxBytes: 2 * 1024 * 1024,
  checkType(mediaType: string): void {
    if (taken.includes(mediaType)) return;
    throw fileErrors.media_type_refused({ message: `A picture is PNG, JPEG, WebP or GIF, and not ${mediaType}.` });
  },
};
