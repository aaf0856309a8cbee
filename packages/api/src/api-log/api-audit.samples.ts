import { samplesOf } from '../contract/testing/samples.ts';

export default samplesOf('apiAudit', { list: { input: (caller) => ({ user: [caller.userId] }) } });
