/**
 * Every error that this library throws, except `TypeError` and `RangeError` (invalid arguments) and the reason of an
 * `AbortSignal`. Use `instanceof` or `name` to distinguish them. What a guest does (a trap, an exit code) is never an
 * error.
 */
import type { ErrorMessage, RefusalMessage } from '../common/protocol.js';
import type { Exit } from './process.js';

/** The base class of all errors of this library. */
export class HoldfastError extends Error {
  /** Survives minifiers that rename the class. */
  static override readonly name: string = 'HoldfastError';

  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** One problem that prevents the runtime from starting, in prose. */
export interface Problem {
  /** What is missing or wrong. */
  what: string;
  /** Why it matters to the runtime. */
  why: string;
  /** How to fix it. */
  fix: string;
}

const inWords = (problems: readonly Problem[]): string =>
  problems.map(({ what, why, fix }) => `\n- ${what}\n  Why: ${why}\n  Fix: ${fix}`).join('');

/** `start()` failed. The message says what to do; `problems` has the same information as a list. */
export class StartFailed extends HoldfastError {
  static override readonly name: string = 'StartFailed';
  /** The problems found; may be empty when the cause is unknown. */
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[] = [], options?: ErrorOptions) {
    super(message + inWords(problems), options);
    this.problems = problems;
  }
}

/** `start()` failed because the page is not cross-origin isolated. The message names the missing header. */
export class NotIsolated extends StartFailed {
  static override readonly name: string = 'NotIsolated';
}

/** What caused a refusal: the source (a download), the module, the options, a limit, or a closed runtime. */
export type RefusalKind = RefusalMessage['kind'];

/** A program was refused before any of it ran. */
export class SpawnRefused extends HoldfastError {
  static override readonly name: string = 'SpawnRefused';
  /** What caused the refusal. */
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The only place that puts an error's code before its text. */
const withCode = (code: string, text: string): string => (code ? `${code}: ${text}` : text);

/** The file system call that failed, and its paths. */
export interface FsCall {
  /** The name of the `hf.fs` method. */
  syscall: string;
  path: string;
  /** The second path of a call that has two. */
  dest?: string | undefined;
}

/** A call of `hf.fs` failed. */
export class FsError extends HoldfastError {
  static override readonly name: string = 'FsError';
  /** The POSIX name of the error, such as "ENOENT". */
  readonly code: string;
  /** WASI's number of the error, as a guest sees it; 0 if it has none. */
  readonly errno: number;
  /** The name of the `hf.fs` method. */
  readonly syscall: string;
  /** The path that the call was given. */
  readonly path: string;
  /** The second path of a call that has two. */
  readonly dest: string | undefined;

  constructor(error: ErrorMessage, call: FsCall) {
    const paths = call.dest === undefined ? `'${call.path}'` : `'${call.path}' -> '${call.dest}'`;
    super(withCode(error.code, `${error.message}, ${call.syscall} ${paths}`));
    this.code = error.code;
    this.errno = error.errno ?? 0;
    this.syscall = call.syscall;
    this.path = call.path;
    this.dest = call.dest;
  }
}

/** A write to standard input or a connection failed because its reader is gone: the process has ended or closed it. */
export class PipeError extends HoldfastError {
  static override readonly name: string = 'PipeError';
  /** The error's name: "EPIPE". */
  readonly code: string;

  constructor(code = 'EPIPE', message = 'the process no longer reads its standard input') {
    super(withCode(code, message));
    this.code = code;
  }
}

/** A connection or a listener could not be opened, or a connection was broken. */
export class SocketError extends HoldfastError {
  static override readonly name: string = 'SocketError';
  /**
   * The error's name.
   *
   * - "ECONNREFUSED": nothing listens on the port.
   * - "ECONNRESET": the other end was closed, and bytes were lost.
   * - "ECONNABORTED": the port was closed while `accept()` waited for a connection.
   * - "EADDRINUSE": the port already has a listener.
   * - "ENOBUFS", "ENOMEM": a limit was reached.
   */
  readonly code: string;

  constructor(code: string, message: string) {
    super(withCode(code, message));
    this.code = code;
  }
}

/** A call of an instance failed. */
export class CallFailed extends HoldfastError {
  static override readonly name: string = 'CallFailed';
  /** How the instance ended, when that is why. */
  readonly exit: Exit | undefined;

  constructor(message: string, exit?: Exit) {
    super(message);
    this.exit = exit;
  }
}

/** A process handle was joined or detached a second time. */
export class HandleError extends HoldfastError {
  static override readonly name: string = 'HandleError';
}

/** A call of a supervisor failed. */
export class SupervisorError extends HoldfastError {
  static override readonly name: string = 'SupervisorError';
  /**
   * "ENOENT": there is no such child. "EEXIST": the id is taken. "ECANCELED": the supervisor has ended, or the child
   * was stopped or removed first.
   */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(withCode(code, message), options);
    this.code = code;
  }
}

/** The runtime was closed with `hf.close()`. */
export class Closed extends HoldfastError {
  static override readonly name: string = 'Closed';

  constructor(message = 'the runtime was closed') {
    super(message);
  }
}

/** The runtime itself failed. Pending operations cannot complete; a new `start()` can succeed. */
export class Fatal extends HoldfastError {
  static override readonly name: string = 'Fatal';
}

/** Wraps any thrown value in an `Error`. */
export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
