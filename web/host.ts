/** Host functions, which guests import from the page. Part of instance.js, which is loaded when first needed. */
import { isBytes, kindOf, viewOf, copyOf, wrong } from './bytes.js';
import { callable, nothingMore, object, oneOf } from './check.js';
import type { HostCallMessage, HostMessage, HostSignature, Kind } from '../common/guest-protocol.js';
import { encodeAnswer, type Answer, type Value } from '../common/values.js';
import { kinds } from './kinds.js';
import type { HostContext, HostFunction, HostFunctions } from './host-options.js';

/** Validates the option `host`. Throws `TypeError`. */
export function planHost(functions: HostFunctions): HostMessage[] {
  return Object.entries(functions).flatMap(([module, names]) => {
    return Object.entries(object(names, `host.${module}`)).map(([name, fn]) => {
      const what = `host.${module}.${name}`;
      return { module, name, signature: signatureOf(callable(fn, what), what) };
    });
  });
}

/** Returns the functions in the order of their numbers. */
export const functionsOf = (functions: HostFunctions): HostFunction[] =>
  Object.values(functions).flatMap((names) => Object.values(names));

export function signatureOf(fn: Pick<HostFunction, 'signature'>, what: string): HostSignature | null {
  if (!('signature' in fn)) return null;
  const { params, result, into = 'buffer', error = null, ...rest } = object(fn.signature, `the signature of ${what}`)!;
  nothingMore('host signature', rest, `the signature of ${what}`);
  if (error !== null && typeof error !== 'number' && typeof error !== 'bigint')
    throw wrong(`error of ${what}`, 'a number or a bigint', error);
  return { ...kinds(params, result, what), into: oneOf(into, ['buffer', 'allocator'], `into of ${what}`), error };
}

/** The calling process. */
export type Identity = Omit<HostContext, 'tid' | 'signal'>;

/** Answers the calls of one process. */
export class HostSide {
  readonly #functions: HostFunction[];
  readonly #gone = new AbortController();
  readonly #answer: (tid: number, call: number, bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #identity: () => Identity;

  constructor(
    functions: HostFunction[],
    identity: () => Identity,
    answer: (tid: number, call: number, bytes: Uint8Array<ArrayBuffer>) => void,
  ) {
    this.#functions = functions;
    this.#identity = identity;
    this.#answer = answer;
  }

  /** Called when the process has ended: it no longer waits for answers. */
  end(reason: unknown): void {
    this.#gone.abort(reason);
  }

  async onCall({ tid, call, fn, args }: HostCallMessage): Promise<void> {
    const answer = await this.#run(this.#functions[fn]!, tid, args);
    if (!this.#gone.signal.aborted) this.#answer(tid, call, encoded(answer));
  }

  async #run(fn: HostFunction, tid: number, args: unknown[]): Promise<Answer> {
    try {
      const { params = [], result } = fn.signature ?? {};
      const given = fn.signature ? args.map((arg, i) => (params[i] === 'json' ? parsed(arg as string) : arg)) : args;
      const context: HostContext = { ...this.#identity(), tid, signal: this.#gone.signal };
      const value: unknown = await fn(...(given as never[]), context as never);
      return { value: fn.signature ? declared(value, result) : plain(value) };
    } catch (error) {
      return failed(error);
    }
  }
}

/** Turns any thrown value into an answer, because the guest waits for one. */
function failed(error: unknown): Answer {
  try {
    return { failed: String(error instanceof Error ? error.message : error) };
  } catch {
    return { failed: `it threw ${kindOf(error)}` };
  }
}

function encoded(answer: Answer): Uint8Array<ArrayBuffer> {
  try {
    return encodeAnswer(answer);
  } catch (error) {
    return encodeAnswer(failed(error)); // there is no memory for the answer
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TypeError(`the guest passed invalid JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Converts a result without a signature. The type of the guest's import decides the type of a number. */
function plain(value: unknown): Value {
  switch (typeof value) {
    case 'undefined':
    case 'number':
    case 'bigint':
      return value;
    case 'boolean':
      return Number(value);
    default:
      throw wrong('the result', 'a number or a bigint (declare anything else with hostFunction())', value);
  }
}

function declared(value: unknown, kind: Kind | undefined): Value {
  const refuse = (wanted: string): never => {
    throw wrong('the result', wanted, value);
  };
  switch (kind) {
    case undefined:
      return undefined;
    case 'i64':
      return typeof value === 'bigint' ? value : refuse('a bigint');
    case 'string':
      return typeof value === 'string' ? value : refuse('a string');
    case 'bytes':
      return isBytes(value) ? copyOf(viewOf(value)) : refuse('bytes');
    case 'json':
      return JSON.stringify(value) ?? refuse('a value that JSON can express');
    default:
      return typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? value : refuse('a number');
  }
}
