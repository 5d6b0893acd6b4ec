/** Host functions, which guests import from the page. Part of instance.js, which is loaded when first needed. */
import { isBytes, kindOf, viewOf, copyOf, wrong } from './bytes.js';
import { callable, nothingMore, object, oneOf } from './check.js';
import type { HostCallMessage, HostMessage, HostSignature, Kind } from '../common/guest-protocol.js';
import { encodeAnswer, type Answer, type Value } from '../common/values.js';
import { parseJson } from '../common/json.js';
import { kinds } from './kinds.js';
import type { HostContext, HostFunction, HostFunctions } from './host-options.js';
import type { PageObjects } from './component.js';
import { later } from './later.js';

/** Validates the option `host`. Throws `TypeError`. */
export function planHost(functions: HostFunctions): HostMessage[] {
  return Object.entries(functions).flatMap(([module, names]) => {
    return Object.entries(object(names, `host.${module}`)).map(([name, fn]) => {
      const what = `host.${module}.${name}`;
      return { module, name, signature: signatureOf(callable(fn, what) as HostFunction, what) };
    });
  });
}

/** Returns the functions in the order of their numbers. */
export const functionsOf = (functions: HostFunctions): HostFunction[] =>
  Object.values(functions).flatMap((names) => Object.values(names) as HostFunction[]);

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

export type ComponentFile = typeof import('./component.js');

/** Answers the calls of one process. */
export class HostSide {
  readonly #functions: HostFunction[];
  readonly #gone = new AbortController();
  #over = false;
  readonly #answer: (tid: number, call: number, bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #identity: () => Identity;
  /** The page's objects that a component has. */
  readonly #objects: (file: ComponentFile) => PageObjects;

  constructor(
    functions: HostFunction[],
    identity: () => Identity,
    answer: (tid: number, call: number, bytes: Uint8Array<ArrayBuffer>) => void,
    objects: (file: ComponentFile) => PageObjects,
  ) {
    this.#functions = functions;
    this.#identity = identity;
    this.#answer = answer;
    this.#objects = objects;
  }

  /** Called when the process has ended: it no longer waits for answers. */
  end(reason: unknown): void {
    this.#over = true;
    this.#gone.abort(reason);
  }

  /** Answers at once if the function's result is not a promise. */
  onCall({ tid, call, fn, args, typed, member }: HostCallMessage): void {
    const own = this.#functions[fn]!;
    const settle = (answer: Answer): void => {
      if (!this.#over) this.#answer(tid, call, encoded(answer));
    };
    try {
      if (typed) return void this.#runTyped(own, tid, args, member).then(settle);
      const value = this.#run(own, tid, args);
      if (typeof value !== 'object' || value === null || !('then' in value)) return settle(answerOf(own, value));
      void Promise.resolve(value)
        .then((value) => answerOf(own, value))
        .catch(failed)
        .then(settle);
    } catch (error) {
      settle(failed(error));
    }
  }

  #run(fn: HostFunction, tid: number, args: unknown[]): unknown {
    const { params = [] } = fn.signature ?? {};
    const given = fn.signature ? args.map((arg, i) => (params[i] === 'json' ? parsed(arg as string) : arg)) : args;
    return fn(...(given as never[]), this.#context(tid) as never);
  }

  #context(tid: number): HostContext {
    return { ...this.#identity(), tid, signal: this.#gone.signal };
  }

  /** Calls the function for a component. */
  async #runTyped(fn: HostFunction, tid: number, args: unknown[], member?: string): Promise<Answer> {
    try {
      const file = await later('component.js', import('./component.js'));
      const objects = this.#objects(file);
      try {
        const given = [...args.map((arg) => objects.taken(arg)), this.#context(tid)];
        const value: unknown = await (member === undefined
          ? fn(...(given as never[]))
          : objects.call(fn, member, given));
        return { value: file.encodeStructure([true, objects.given(value)]) };
      } catch (error) {
        const found = payloadOf(error);
        if (!found) throw error;
        return { value: file.encodeStructure([false, objects.given(found.payload)]) };
      }
    } catch (error) {
      return failed(error);
    }
  }
}

const answerOf = ({ signature }: HostFunction, value: unknown): Answer => ({
  value: signature ? declared(value, signature.result) : plain(value),
});

/** The payload of an exception that a component's import threw: its `payload`, or the thrown value itself if it is not an Error. Null if there is none. */
function payloadOf(error: unknown): { payload: unknown } | null {
  if (typeof error === 'object' && error !== null && 'payload' in error) return { payload: error.payload };
  return error instanceof Error ? null : { payload: error };
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
    return parseJson(text);
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
