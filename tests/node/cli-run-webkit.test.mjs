import { testHost } from './support/cli-run.mjs';

await testHost('webkit');
