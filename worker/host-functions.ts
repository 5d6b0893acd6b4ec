/** Host functions: functions of the page that a guest imports. The guest's thread asks the page and waits in the kernel for the answer. */
import type { Failure, HostMessage, HostSignature, Kind } from '../common/guest-protocol.ts';
import type { Answer, Value } from '../common/values.ts';
import type { Steps } from './steps.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A call that could not be made, or whose answer could not be read. It is an error of the call, not a trap in the called guest. */
export class CallFailed extends Error {
  constructor(
    message: string,
    readonly type: Exclude<Failure[2], object> = 'CallFailed',
  ) {
    super(message);
  }
}

/** Decodes text from a guest. For text too long for a string, Chromium's decoder returns '' and the others throw. */
export function decoded(bytes: Uint8Array): string {
  try {
    const text = decoder.decode(bytes);
    if (text !== '' || bytes.length === 0) return text;
  } catch {
    // reported below
  }
  throw new CallFailed(`a string cannot hold text of ${bytes.length} bytes`, 'RangeError');
}

/** Whether a value of a guest can be sent to the page. References (functions and opaque objects) cannot; null can. */
export const travels = (value: unknown): boolean =>
  typeof value !== 'function' && (typeof value !== 'object' || value === null || value instanceof Uint8Array);

export const isNumber = (kind: Kind): boolean => kind !== 'string' && kind !== 'bytes' && kind !== 'json';

/** The page has already turned JSON values into text. */
export function encoded(kind: Kind, value: unknown): Uint8Array {
  return kind === 'bytes' ? (value as Uint8Array) : encoder.encode(value as string);
}

/** What a host function needs from the guest that calls it. */
export interface Caller {
  read(pointer: number, size: number): Uint8Array;
  write(pointer: number, bytes: Uint8Array): void;
  /** Copies the bytes to memory from the guest's allocator. */
  lend(bytes: Uint8Array): Steps<number>;
  /** Ends the guest with this text, as a trap does. */
  fail(text: string): Steps<void>;
  /** Waits until the page has answered. */
  ask(fn: number, args: unknown[], transfer: Transferable[]): Steps<Answer>;
  /** The text that precedes the reason of a failed call. */
  readonly failed?: string;
  /** The name of the import that returned last. */
  answered: string;
}

const PAGE_FAILED = "the page's function failed: ";

/** An i64 result must be a bigint, and any other result must not. Only the engine checks this, and its error does not name the import, so this adds it. */
export function nameOfResult(error: unknown, { answered }: Caller): void {
  if (error instanceof TypeError && answered && /bigint/i.test(error.message))
    error.message = `${answered}: the page's function returned a value that the guest's import cannot take: ${error.message}`;
}

/** Returns the work of the function that the guest imports as `entry`; `fn` is its index. */
export function hostFunction(caller: Caller, { module, name, signature }: HostMessage, fn: number) {
  const what = `${module}.${name}`;
  const marshal = signature && new Marshal(caller, signature);
  return function* (...args: unknown[]): Steps<unknown> {
    try {
      const value = marshal ? yield* marshal.call(args, fn) : numberOf(yield* caller.ask(fn, args, []), what);
      caller.answered = what;
      return value;
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      yield* caller.fail(`${what}: ${error.message}`); // does not return
      return undefined;
    }
  };
}

function numberOf(answer: Answer, what: string): Value {
  if ('failed' in answer) throw new CallFailed(PAGE_FAILED + answer.failed);
  if (typeof answer.value === 'string' || answer.value instanceof Uint8Array)
    throw new CallFailed(
      `the page's function for ${what} returned ${typeof answer.value === 'string' ? 'a string' : 'bytes'}: declare that with hostFunction()`,
    );
  return answer.value;
}

class Marshal {
  private readonly result: Kind | null;
  /** A result that was longer than the buffer, kept until the guest repeats the call with a larger buffer. */
  private kept: { args: unknown[]; bytes: Uint8Array } | null = null;

  constructor(
    private readonly caller: Caller,
    private readonly signature: HostSignature,
  ) {
    this.result = signature.result;
  }

  *call(flat: unknown[], fn: number): Steps<unknown> {
    const { caller, signature } = this;
    const args: unknown[] = [];
    let at = 0;
    for (const kind of signature.params) {
      if (isNumber(kind)) args.push(flat[at++]);
      else {
        const bytes = caller.read(flat[at++] as number, flat[at++] as number);
        args.push(kind === 'bytes' ? bytes : decoded(bytes));
      }
    }
    const rest = flat.slice(at);
    if (this.kept?.args.every((arg, i) => same(arg, args[i]))) return yield* this.deliver(this.kept.bytes, rest, args);
    this.kept = null;
    const transfer = args.flatMap((arg) => (arg instanceof Uint8Array ? [arg.buffer as ArrayBuffer] : []));
    const keep =
      this.result !== null && !isNumber(this.result) && signature.into === 'buffer' ? args.map(copied) : args;
    const answer = yield* caller.ask(fn, args, transfer);
    if ('failed' in answer && signature.error !== null) return signature.error;
    if ('failed' in answer) throw new CallFailed((caller.failed ?? PAGE_FAILED) + answer.failed);
    if (this.result === null) return undefined;
    if (isNumber(this.result)) return answer.value;
    return yield* this.deliver(encoded(this.result, answer.value), rest, keep);
  }

  private *deliver(bytes: Uint8Array, rest: unknown[], args: unknown[]): Steps<number> {
    if (this.signature.into === 'allocator') {
      const pointer = yield* this.caller.lend(bytes);
      this.caller.write(rest[0] as number, new Uint8Array(new Uint32Array([bytes.length]).buffer));
      return pointer;
    }
    const [pointer, room] = rest as [number, number];
    if (bytes.length > room >>> 0) this.kept = { args, bytes };
    else {
      this.kept = null;
      this.caller.write(pointer, bytes);
    }
    return bytes.length;
  }
}

const copied = (arg: unknown): unknown => (arg instanceof Uint8Array ? arg.slice() : arg);

const same = (a: unknown, b: unknown): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array
    ? a.length === b.length && a.every((byte, i) => byte === b[i])
    : Object.is(a, b);
