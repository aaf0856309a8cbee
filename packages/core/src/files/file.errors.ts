import { defineErrors } from '../kernel/errors.ts';

export const fileErrors = defineErrors({
  payload_too_large: {
    kind: 'payload_too_large',
    message: 'The file is larger than the tier of the organization allows.',
    cause:
      'The body of the request is larger than the server accepts, or the file is larger than the tier of the organization allows.',
    remedy: 'Send less at once, or a smaller file. Several smaller calls can do what one large call does.',
  },
  media_type_refused: {
    kind: 'unsupported_media_type',
    message: 'Files of this type are not accepted.',
    cause: 'The content of the file shows a type that is not accepted here, whatever its name says.',
    remedy: 'Send a file of another type. A picture must be PNG, JPEG, WebP or GIF.',
  },
  avatar_not_found: {
    kind: 'not_found',
    message: 'There is no picture.',
    cause: 'No picture was uploaded, or it was removed.',
    remedy: 'Show a picture of your own. `avatarUrl` is null when there is none.',
  },
});
