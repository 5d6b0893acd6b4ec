/** The functions that the kernel imports from the browser (imports.def). Each passes the call on to the responsible part. */
import { EXIT_REASON_NONE } from '../build/generated/layouts.ts';
import { EXIT_REASON } from '../build/generated/abi.ts';
import type { KernelImports } from '../build/generated/exports.ts';
import { messageOf } from '../common/error-text.ts';
import { left } from '../common/parts.ts';
import { toPointer } from '../common/pointer.ts';
import type { ExitReason, StreamFd } from '../common/protocol.ts';
import { copyAt, textAt, type CommonImports, type Waits } from '../worker/kernel.ts';
import type { Channel, Post } from './channel.ts';
import type * as ComponentPart from './component.ts';
import type { Programs } from './programs.ts';
import type { Router } from './router.ts';
import type { Workers } from './workers.ts';

/** The parts of the coordinator. They are created after the kernel, which calls no imports before it is booted. */
export interface Parts {
  readonly closing: boolean;
  readonly channels: ReadonlyMap<number, Channel>;
  readonly programs: Programs;
  readonly router: Router;
  readonly workers: Workers;
  readonly post: Post;
  /** Called when a worker threw, or could not be created. */
  workerFailed(worker: number, error: Error): void;
  workerDead(worker: number): void;
  /** Called when a worker was terminated, so that its last message to the coordinator may be lost. */
  mayHaveLostRing(): void;
}

const reasons = new Map<number, ExitReason>(
  Object.entries(EXIT_REASON).map(([name, value]) => [value, name.toLowerCase() as ExitReason]),
);

export function browserImports(
  memory: WebAssembly.Memory,
  common: CommonImports,
  parts: Parts,
): Omit<KernelImports, 'now' | 'date' | keyof Waits> {
  const channel = (id: number): Channel | undefined => parts.channels.get(id);
  const session = (id: number) => parts.programs.session(id);
  return {
    ...common,
    worker_create: (worker, stackTop, tls, thread) => {
      if (parts.closing) return;
      try {
        parts.workers.create(worker, toPointer(stackTop), toPointer(tls), toPointer(thread));
      } catch (error) {
        // Report this later, because the kernel is in the middle of a call.
        setTimeout(() => {
          parts.workerFailed(worker, new Error(messageOf(error)));
          parts.workerDead(worker);
        });
      }
    },
    worker_run: (worker, id, tid, argument) => parts.programs.run(worker, id, tid, argument),
    worker_collect: (worker) => parts.workers.post(worker, { t: 'collect' }),
    worker_free: (id) => session(id)?.workerFree(),
    worker_terminate: (worker) => {
      parts.workers.terminate(worker);
      parts.mayHaveLostRing();
    },
    output: (id, fd, pointer, size) => channel(id)?.output(fd as StreamFd, copyAt(memory, toPointer(pointer), size)),
    output_end: (id, fd) => channel(id)?.outputEnd(fd as StreamFd, 0),
    output_failed: (id, fd, result) => channel(id)?.outputEnd(fd as StreamFd, result),
    stdin_ready: (id) => channel(id)?.pumpInput(),
    connection: (id, result) => parts.router.connections?.asked(id, result),
    input_gone: (id) => parts.router.connections?.get(id)?.inputGone(),
    connection_over: (id) => parts.router.connections?.over(id),
    exited: (id, reason, code, message, messageSize, stack, stackSize) => {
      if (reason === EXIT_REASON_NONE) {
        session(id)?.failed();
        return;
      }
      session(id)?.exited({
        reason: reasons.get(reason)!,
        code: code >>> 0,
        message: textAt(memory, toPointer(message), messageSize),
        stack: textAt(memory, toPointer(stack), stackSize),
      });
      parts.router.supervisors?.processEnded(id, reason, code >>> 0);
    },
    signal: (id, number) => session(id)?.signal(number),
    held: (id) => session(id)?.cameToRest(),
    ending: (id) => session(id)?.ending(),
    session_over: (id) => parts.programs.over(id),
    released(id) {
      parts.post({ t: 'released', id });
      left<Partial<typeof ComponentPart> | undefined>()?.endComponent?.(id);
    },
  };
}
