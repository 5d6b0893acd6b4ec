/** Has modules rewritten, so that they can be interrupted or have less memory; each in a worker that lives as long as that takes. */
import { host } from '#host';
import type { FromCompute, RewriteMessage, RewrittenMessage, ToCompute } from '../worker/protocol.ts';

export type Rewritten = Omit<RewrittenMessage, 't'>;

/** How a module is to be made. */
export type Way = Pick<RewriteMessage, 'check' | 'limitPages'>;

/** The module cannot be made so. */
export class NotRewritten extends Error {
  constructor(
    readonly fault: 'module' | 'limit',
    message: string,
  ) {
    super(message);
  }
}

export class Rewriter {
  constructor(private readonly assets: { compute: string; rewrite: string }) {}

  /** The bytes are given away. Throws `NotRewritten`, or an error of ours. */
  async rewrite(bytes: Uint8Array<ArrayBuffer>, way: Way): Promise<Rewritten> {
    const worker = host.createWorker<ToCompute, FromCompute>(
      this.assets.compute,
      `holdfast-rewriter-${crypto.randomUUID()}`,
    );
    try {
      return await new Promise<Rewritten>((resolve, reject) => {
        worker.onerror = (error) => reject(new Error(`the rewriter's worker failed: ${error.message}`));
        worker.onmessage = (message) => {
          if (message.t === 'rewritten') resolve(message);
          else if (message.t === 'not-rewritten')
            reject(
              message.fault === 'ours' ? new Error(message.message) : new NotRewritten(message.fault, message.message),
            );
        };
        const request = { t: 'rewrite', url: this.assets.rewrite, bytes, ...way } as const;
        worker.post(request, [bytes.buffer]);
      });
    } finally {
      worker.onmessage = worker.onerror = null;
      worker.terminate();
    }
  }
}
