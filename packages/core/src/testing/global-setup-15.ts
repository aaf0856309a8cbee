import { shareServer } from './global-setup.ts';

/** For the tests that also run on the oldest PostgreSQL that is supported. */
export default () => shareServer(15);
