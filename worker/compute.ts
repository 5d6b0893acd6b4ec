/** The script of a compute worker: waits for work, runs it (compute-worker.ts), and waits again. */
import { platform } from '#platform';
import type { BootMessage, FromCompute, ToCompute } from '../common/worker-protocol.ts';
import { ComputeWorker } from './compute-worker.ts';
import { rewrite } from './rewrite.ts';

const port = platform.parent<FromCompute, ToCompute>();

/** An import() that bundlers leave alone; tools/build.mjs defines it. */
declare function importUrl(url: string): Promise<unknown>;

/** Resolves when the worker has booted. Work that arrives earlier waits for it. */
let worker: Promise<ComputeWorker | null> = Promise.resolve(null);

async function boot(message: BootMessage): Promise<ComputeWorker | null> {
  await platform.holdForLife(message.lock);
  try {
    return new ComputeWorker(message, (answer) => port.post(answer));
  } catch (error) {
    port.post({ t: 'unusable', message: error instanceof Error ? error.message : String(error) });
    return null;
  }
}

let running: ComputeWorker | null = null;
port.onmessage = (message) => {
  switch (message.t) {
    case 'boot':
      worker = boot(message).then((made) => (running = made));
      break;
    case 'rewrite':
      void platform
        .holdForLife(message.lock)
        .then(() => port.post({ t: 'booted' }))
        .then(() => rewrite(message))
        .then((answer) => port.post(answer, answer.t === 'rewritten' ? [answer.bytes.buffer] : []));
      break;
    case 'collect':
      platform.collectGarbage();
      break;
    case 'import':
      importUrl(message.url).catch(() => undefined); // the run reports it
      break;
    case 'run':
      // Runs inside the message handler if possible, so that an exception that escapes becomes the worker's error event.
      if (running) void running.run(message);
      else void worker.then((made) => made?.run(message));
      break;
  }
};
