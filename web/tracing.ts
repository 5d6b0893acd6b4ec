/** Telling the system calls of a process as they return. */
import { later } from './later.js';
import type { OutputPipe } from './streams.js';
import { uncaught } from './uncaught.js';

/** One system call of a traced process, told when it returned. */
export interface TraceEvent {
  readonly pid: number;
  readonly tid: number;
  /** Its name, such as "fd_read". */
  readonly call: string;
  /** Its parameters, each as "name=value": paths and the first bytes of what was read or written as text. */
  readonly args: readonly string[];
  /** What it gave back, likewise; nothing when it failed. */
  readonly results: readonly string[];
  /** "ENOENT" and the like; empty when it succeeded. */
  readonly error: string;
  /** Milliseconds that it took, waiting included; 0 when it began before it was traced. */
  readonly duration: number;
  /** All of that as one line, as strace has it. */
  readonly text: string;
}

/** `true`: each line to `console.debug`. While the promise that a function returns is pending, the process may have to wait. */
export type TraceOption = boolean | ((event: TraceEvent) => void | PromiseLike<void>);

/**
 * Takes records out of the pipe for as long as there are any; `sink` says, each time, whom to tell. When that is not possible, or throws, the error
 * is reported as any that nobody caught, `silence` is called, and the process goes on untraced. Rejects when the runtime ends.
 */
export async function readTrace(
  pid: number,
  pipe: OutputPipe,
  sink: () => TraceOption,
  silence: () => void,
): Promise<void> {
  const stream = pipe.stream.getReader();
  const fail = (error: unknown): void => {
    uncaught(error);
    silence();
  };
  let reader;
  try {
    const { TraceReader } = await later('trace.js', import('./trace.js'));
    reader = new TraceReader(pid);
  } catch (error) {
    fail(error);
    return stream.cancel();
  }
  const tell = async (event: TraceEvent): Promise<void> => {
    const to = sink();
    if (typeof to === 'function') await to(event);
    else if (to) console.debug(event.text);
  };
  for (;;) {
    const { done, value } = await stream.read();
    if (done) return;
    // What comes after an error is taken all the same: the process may be traced again.
    for (const event of reader.push(value)) await tell(event).catch(fail);
  }
}
