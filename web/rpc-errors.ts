/** The errors of plugins: those of JSON-RPC, which travel in both directions, and those of an instance. */
import { HoldfastError } from './errors.js';
import type { Exit } from './process.js';

/**
 * An error response of JSON-RPC. A handler that throws one sends its code, message and data to the plugin; a call that
 * the plugin answers with an error rejects with one. Errors with a code of the specification have their own subclass.
 *
 * @example
 * throw new RpcError(1404, 'no such document', { id });
 */
export class RpcError extends HoldfastError {
  static override readonly name: string = 'RpcError';
  /** A whole number. The specification reserves −32768 to −32000. */
  readonly code: number;
  /** Any JSON value that describes the error; undefined if there is none. */
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.data = data;
  }
}

/** −32700: the message was not JSON. */
export class ParseError extends RpcError {
  static override readonly name: string = 'ParseError';

  constructor(message = 'Parse error', data?: unknown, options?: ErrorOptions) {
    super(-32700, message, data, options);
  }
}

/** −32600: the message was JSON, but not a request. */
export class InvalidRequest extends RpcError {
  static override readonly name: string = 'InvalidRequest';

  constructor(message = 'Invalid Request', data?: unknown, options?: ErrorOptions) {
    super(-32600, message, data, options);
  }
}

/** −32601: there is no such method, or no handler for it. */
export class MethodNotFound extends RpcError {
  static override readonly name: string = 'MethodNotFound';

  constructor(message = 'Method not found', data?: unknown, options?: ErrorOptions) {
    super(-32601, message, data, options);
  }
}

/** −32602: the method does not accept these parameters. */
export class InvalidParams extends RpcError {
  static override readonly name: string = 'InvalidParams';

  constructor(message = 'Invalid params', data?: unknown, options?: ErrorOptions) {
    super(-32602, message, data, options);
  }
}

/** −32603: the method failed. A handler that throws anything other than an `RpcError` sends this, with its message. */
export class InternalError extends RpcError {
  static override readonly name: string = 'InternalError';

  constructor(message = 'Internal error', data?: unknown, options?: ErrorOptions) {
    super(-32603, message, data, options);
  }
}

const byCode = new Map(
  [ParseError, InvalidRequest, MethodNotFound, InvalidParams, InternalError].map((kind) => [new kind().code, kind]),
);

/** Makes the error for a code, of the class for that code if the specification defines one. */
export function rpcError(code: number, message: string, data?: unknown): RpcError {
  const Kind = byCode.get(code);
  return Kind ? new Kind(message, data) : new RpcError(code, message, data);
}

/** What is known about an instance that failed. */
export interface InstanceEnd {
  /** The plugin's name. */
  plugin: string;
  /** The `id` of the instance's process. */
  process: number;
  /** How it ended; undefined if that was not the cause and is not known yet. */
  exit?: Exit | undefined;
  /** The last lines that it wrote to standard error. */
  stderr: string;
}

/** An instance of a plugin failed, so its open calls could not be answered. The subclass says what happened. */
export class PluginError extends HoldfastError {
  static override readonly name: string = 'PluginError';
  /** The plugin's name. */
  readonly plugin: string;
  /** The `id` of the instance's process; 0 if there was none. */
  readonly process: number;
  /** How the process ended, if it has. */
  readonly exit: Exit | undefined;
  /** The last lines that it wrote to standard error, at most 4,096 characters. */
  readonly stderr: string;

  constructor(message: string, { plugin, process, exit, stderr }: InstanceEnd, options?: ErrorOptions) {
    super(stderr === '' ? message : `${message}\nIts standard error ends with:\n${stderr}`, options);
    this.plugin = plugin;
    this.process = process;
    this.exit = exit;
    this.stderr = stderr;
  }
}

/** The instance exited, trapped or was killed during the call; `exit` says how. */
export class PluginExited extends PluginError {
  static override readonly name: string = 'PluginExited';
}

/** The call took longer than its `timeout`, and the instance was killed. */
export class PluginTimeout extends PluginError {
  static override readonly name: string = 'PluginTimeout';
}

/**
 * The instance wrote something other than JSON-RPC to standard output, or a line that is too long, and was killed. The
 * message quotes the beginning of the line.
 */
export class PluginOutputError extends PluginError {
  static override readonly name: string = 'PluginOutputError';
}

/** The plugin was closed. */
export class PluginClosed extends PluginError {
  static override readonly name: string = 'PluginClosed';
}

/**
 * Makes the errors of this file instances of the `HoldfastError` that the page's script exports. This is needed because this
 * file is loaded separately from that script, and contains a copy of the class.
 */
export function adoptErrors(base: typeof HoldfastError): void {
  if (base !== HoldfastError) Object.setPrototypeOf(HoldfastError.prototype, base.prototype);
}
