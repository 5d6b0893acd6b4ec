/** The public types of traces: the system calls of a process, reported as they return. */

/** One system call of a traced process, reported when it returned. */
export interface TraceEvent {
  /** The process's `pid`. */
  readonly pid: number;
  /** The number of the thread that made the call. */
  readonly tid: number;
  /** The name of the call, such as "fd_read"; for a host function "module.name", without arguments and results. */
  readonly call: string;
  /** The parameters, each as "name=value"; paths and the first bytes of data are shown as text. */
  readonly args: readonly string[];
  /** The results, in the same form; empty when the call failed. */
  readonly results: readonly string[];
  /** The error, such as "ENOENT"; empty when the call succeeded. */
  readonly error: string;
  /** Milliseconds that the call took, including waits; 0 when it began before the trace. */
  readonly duration: number;
  /** The whole call as one line, as strace prints it. */
  readonly text: string;
}

/**
 * Where a trace goes. `true` logs each line with `console.debug`. While the promise that a function returns is pending,
 * the process may have to wait.
 */
export type TraceOption = boolean | ((event: TraceEvent) => void | PromiseLike<void>);
