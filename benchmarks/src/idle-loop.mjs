// Prints how late the event loop of a process that does nothing is, in milliseconds: what the machine itself adds to every latency.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolution = 5;
const delays = monitorEventLoopDelay({ resolution });
delays.enable();
process.on('SIGTERM', () => {
  const late = (percentile) => Math.max(0, delays.percentile(percentile) / 1e6 - resolution);
  console.log(JSON.stringify({ p50: late(50), p99: late(99) }));
  process.exit(0);
});
setInterval(() => {}, 1000);
