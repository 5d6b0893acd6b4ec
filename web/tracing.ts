/** Telling the system calls of a process as they return. */

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
