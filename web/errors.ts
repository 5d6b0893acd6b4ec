/**
 * Everything that this library throws, but for `TypeError` (a wrong argument) and the reason of an `AbortSignal`.
 * Errors are told apart by `instanceof` or by `name`; what a guest did (a trap, an exit code) is never an error.
 */
import type { ErrorMessage, RefusalMessage } from './protocol.js';

/** The common ancestor of all errors of this library. */
export class HoldfastError extends Error {
  /** Where it stays what it is however the class is called in a bundle. */
  static override readonly name: string = 'HoldfastError';

  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** One thing that keeps the runtime from starting, in words. */
export interface Problem {
  /** What is missing or wrong. */
  what: string;
  /** Why the runtime needs it. */
  why: string;
  /** What to do about it. */
  fix: string;
}

const inWords = (problems: readonly Problem[]): string =>
  problems.map(({ what, why, fix }) => `\n- ${what}\n  Why: ${why}\n  Fix: ${fix}`).join('');

/** `start()` failed. The message says what to do; `problems` has the same as a list. */
export class StartFailed extends HoldfastError {
  static override readonly name: string = 'StartFailed';
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[] = [], options?: ErrorOptions) {
    super(message + inWords(problems), options);
    this.problems = problems;
  }
}

/** `start()` failed because the page is not cross-origin isolated. The message says which header is missing. */
export class NotIsolated extends StartFailed {
  static override readonly name: string = 'NotIsolated';
}

/** Whose fault a refusal is: of the source (download), the module, the options, a limit, or a closed runtime. */
export type RefusalKind = RefusalMessage['kind'];

/** A program was refused before any of it ran. */
export class SpawnRefused extends HoldfastError {
  static override readonly name: string = 'SpawnRefused';
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Which file system call failed, on what. */
export interface FsCall {
  /** The name of the `hf.fs` method. */
  syscall: string;
  path: string;
  /** The second path of a call that takes two. */
  dest?: string | undefined;
}

/** A call of `hf.fs` failed. */
export class FsError extends HoldfastError {
  static override readonly name: string = 'FsError';
  /** The error's name, such as "ENOENT". */
  readonly code: string;
  /** WASI's number of the error, as a guest would see it; 0 where there is none. */
  readonly errno: number;
  readonly syscall: string;
  readonly path: string;
  readonly dest: string | undefined;

  constructor(error: ErrorMessage, call: FsCall) {
    const text = error.message.startsWith(`${error.code}:`) ? error.message : `${error.code}: ${error.message}`;
    const paths = call.dest === undefined ? `'${call.path}'` : `'${call.path}' -> '${call.dest}'`;
    const where = `${call.syscall} ${paths}`;
    super(text.endsWith(where) ? text : `${text}, ${where}`);
    this.code = error.code;
    this.errno = error.errno ?? 0;
    this.syscall = call.syscall;
    this.path = call.path;
    this.dest = call.dest;
  }
}

/** A write to a standard input that nobody will read any more: the process has ended, or has closed it. */
export class PipeError extends HoldfastError {
  static override readonly name: string = 'PipeError';
  /** The error's name: "EPIPE". */
  readonly code: string;

  constructor(code = 'EPIPE', message = 'the process does not read its standard input any more') {
    super(message.startsWith(`${code}:`) ? message : `${code}: ${message}`);
    this.code = code;
  }
}

/** A connection could not be had, or was broken. */
export class SocketError extends HoldfastError {
  static override readonly name: string = 'SocketError';
  /**
   * The error's name. "ECONNREFUSED": nobody listens on the port. "ECONNRESET": the other end was closed, and bytes were
   * lost by that. "ECONNABORTED": the port was closed while one waited for a connection. "EADDRINUSE": somebody listens
   * there already. "ENOBUFS", "ENOMEM": a limit.
   */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message.startsWith(`${code}:`) ? message : `${code}: ${message}`);
    this.code = code;
  }
}

/** A process handle was joined or detached a second time. */
export class HandleError extends HoldfastError {
  static override readonly name: string = 'HandleError';
}

/** A call of a supervisor failed: there is no such child, or there is one, or the supervisor has ended. */
export class SupervisorError extends HoldfastError {
  static override readonly name: string = 'SupervisorError';
  /** "ENOENT", "EEXIST" or "ECANCELED". */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
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

/** The runtime itself died. Nothing that was open can be finished; a new `start()` can succeed. */
export class Fatal extends HoldfastError {
  static override readonly name: string = 'Fatal';
}

/** The error for whatever was thrown or rejected with. */
export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
