import { samplesOf } from '../contract/testing/samples.ts';

export default samplesOf('roles', { list: { input: () => ({}) } });
