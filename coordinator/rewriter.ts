/** Has modules rewritten, so that they can be interrupted or have less memory; each in a worker that lives as long as that takes. */
import type { RewriteMessage, RewrittenMessage } from '../common/worker-protocol.ts';
import type { ChildWorkers } from './child-workers.ts';

export type Rewritten = Omit<RewrittenMessage, 't'>;

/** How a module is to be made. */
export type Way = Pick<RewriteMessage, 'check' | 'limitPages' | 'gc'>;

/** The module cannot be made so. */
export class NotRewritten extends Error {
  constructor(
    readonly fault: 'module' | 'limit' | 'objects',
    message: string,
  ) {
    super(message);
  }
}

export class Rewriter {
  constructor(
    private readonly children: ChildWorkers,
    private readonly assets: { compute: string; rewrite: string },
  ) {}

  /** The bytes are given away. Throws `NotRewritten`, the signal's reason, or an error of ours; the worker is ended in any case. */
  async rewrite(bytes: Uint8Array<ArrayBuffer>, way: Way, signal: AbortSignal): Promise<Rewritten> {
    signal.throwIfAborted();
    const lock = `holdfast-rewriter-${crypto.randomUUID()}`;
    const worker = this.children.create(this.assets.compute, lock);
    try {
      return await new Promise<Rewritten>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        worker.onerror = (error) => reject(new Error(`the rewriter's worker failed: ${error.message}`));
        worker.onmessage = (message) => {
          if (message.t === 'rewritten') resolve(message);
          else if (message.t === 'not-rewritten')
            reject(
              message.fault === 'ours' ? new Error(message.message) : new NotRewritten(message.fault, message.message),
            );
        };
        const request = { t: 'rewrite', lock, url: this.assets.rewrite, bytes, ...way } as const;
        worker.post(request, [bytes.buffer]);
      });
    } finally {
      // One that is still coming up had better not be ended (native/RATIONALE.md).
      worker.onmessage = worker.onerror = null;
      void worker.settled.then(() => worker.terminate());
    }
  }
}
