import { defineErrors } from '../kernel/errors.ts';

export const fileErrors = defineErrors({
  payload_too_large: {
    kind: 'payload_too_large',
    message: 'The file is larger than the tier of the organization allows.',
  },
  media_type_refused: { kind: 'unsupported_media_type', message: 'Files of this type are not accepted.' },
});
