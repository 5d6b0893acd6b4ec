/** Rewrites modules to make them interruptible or to lower their memory limits, each in a separate short-lived worker. */
import type { RewriteMessage, RewrittenMessage } from '../common/worker-protocol.ts';
import type { ChildWorkers } from './child-workers.ts';

export type Rewritten = Omit<RewrittenMessage, 't'>;

/** How to rewrite a module. */
export type Way = Pick<RewriteMessage, 'check' | 'limitPages' | 'gc'>;

/** The module cannot be rewritten as requested. */
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
    private readonly assets: { rewrite: string },
  ) {}

  /** Transfers `bytes` to the worker, which always ends afterwards. Throws `NotRewritten`, the signal's reason, or an internal error. */
  async rewrite(bytes: Uint8Array<ArrayBuffer>, way: Way, signal: AbortSignal): Promise<Rewritten> {
    signal.throwIfAborted();
    const { handle: worker, lock } = this.children.create();
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
      // Wait until it is up, because terminating a worker that is still starting can leak it (native/RATIONALE.md).
      worker.onmessage = worker.onerror = null;
      void worker.settled.then(() => worker.terminate());
    }
  }
}
