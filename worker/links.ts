/**
 * Calls from guest to guest: an import of one is an export of another, in another worker. A call is a slot in kernel memory that both sides share
 * (native/links/call.h): the functions here write the arguments there, and the C wakes the other side and waits. Neither the page nor the coordinator is on
 * the path, and no call allocates anything.
 *
 * A slot has words (the function's number, tags of the values, their count) and up to 14 values of 8 bytes. Text and bytes are an address and a size, and
 * pass from memory to memory through a ring of the slot's.
 */
import type { LinkCalls } from '../build/generated/exports.ts';
import {
  CALL_ANSWER_AT,
  CALL_ASK_AT,
  CALL_COUNT,
  CALL_FN,
  CALL_HAS_ENDED,
  CALL_IS_DEADLOCK,
  CALL_NO_MEMORY,
  CALL_SIZE,
  CALL_TAGS,
  CALL_TAG_BIGINT,
  CALL_TAG_BYTES,
  CALL_TAG_NUMBER,
  CALL_TAG_TEXT,
  CALL_TEXT,
  CALL_TEXT_AT,
  CALL_VALUES,
  CALL_VALUES_AT,
  MOVE_KERNEL,
  MOVE_READ,
  TEXT_STACK,
} from '../build/generated/layouts.ts';
import type { HostMessage, HostSignature, Kind, LinkMessage } from '../common/guest-protocol.ts';
import { NULL, toPointer, type Pointer } from '../common/pointer.ts';
import { CallFailed, isNumber } from './host-functions.ts';
import type { KernelExports } from './kernel.ts';
import { instantiateLinks } from './links-module.ts';

type WasmFunction = (...args: unknown[]) => unknown;

/** What a call's number has in its upper bits: 0 for a call without a signature, else one more than the place here. */
const RESULTS: (Kind | null)[] = [null, 'i32', 'i64', 'f32', 'f64', 'string', 'bytes'];
const RESULT_SHIFT = 24;

/** The thread's own room for a vector, which no call of ours uses. */
const ROOM = 8192;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What links need of the guest (guest.ts). */
export interface Party {
  /** Throws `CallFailed` when they are outside its memory. */
  requireRange(pointer: number, size: number): void;
  /** A copy of them. */
  read(pointer: number, size: number): Uint8Array;
  write(pointer: number, bytes: Uint8Array): void;
  /** Memory of its allocator, with a NUL behind it if that is asked for. */
  allocate(size: number, nul: 0 | 1): number;
  giveBack(pointer: number): void;
  /** What it exports, by the numbers that others know; nothing as long as it is not initialized. */
  functions(): (readonly [name: string, fn: WasmFunction])[];
  /** Where text or bytes are that the function returned. */
  spanOf(name: string, value: unknown): [pointer: number, size: number];
  /** Ends the guest with this text, as a trap. */
  fail(text: string): void;
  /** Asks the page for the instance behind a late link. */
  resolve(index: number): LinkMessage;
}

interface Place {
  readonly kernel: KernelExports;
  readonly kernelMemory: WebAssembly.Memory;
  readonly thread: Pointer;
}

/** A place in a slot, as indexes of the views. */
interface Message {
  /** Of the words FN, TAGS and COUNT. */
  readonly fn: number;
  readonly tags: number;
  readonly count: number;
  /** Of the first value: of numbers, of words. */
  readonly values: number;
  readonly spans: number;
}

class Slot {
  /** What passed; what the caller, and what the callee prepares. */
  readonly shared: Message;
  readonly ask: Message;
  readonly answer: Message;
  constructor(readonly pointer: Pointer) {
    this.shared = messageAt(pointer);
    this.ask = messageAt(pointer + CALL_ASK_AT);
    this.answer = messageAt(pointer + CALL_ANSWER_AT);
  }
}

const messageAt = (at: number): Message => ({
  fn: (at + CALL_FN) >>> 2,
  tags: (at + CALL_TAGS) >>> 2,
  count: (at + CALL_COUNT) >>> 2,
  values: (at + CALL_VALUES_AT) >>> 3,
  spans: (at + CALL_VALUES_AT) >>> 2,
});

/** A link of a thread's: its slots, one for each call that is open. */
class Line {
  readonly slots: Slot[] = [];
  depth = 0;
  constructor(readonly link: LinkMessage) {}

  number(name: string): number {
    const fn = this.link.names.indexOf(name);
    if (fn >= 0) return fn;
    const list = this.link.names.slice(0, 8).join(', ') || 'none';
    throw new CallFailed(`${this.link.to} exports no function ${JSON.stringify(name)}; it exports ${list}`);
  }
}

/** A worker's. */
export class Links {
  private readonly calls: LinkCalls;
  private readonly memory: WebAssembly.Memory;
  private readonly self: Pointer;
  private readonly scratch: Pointer;
  private readonly lines = new Map<number, Line>();
  /** Those that it has met: what lies where in one depends on its address alone. */
  private readonly slots = new Map<Pointer, Slot>();
  /** Of all of the kernel's memory that there was; views of shared memory stay valid when it grows. */
  private words!: Int32Array;
  private numbers!: Float64Array;
  private bigints!: BigInt64Array;
  private size = 0;
  /** What its own guest exports, from the first call on. */
  private functions: (readonly [name: string, fn: WasmFunction])[] = [];

  constructor(
    { kernel, kernelMemory, thread }: Place,
    private readonly party: Party,
    /** The callee that this thread serves. */
    private own: Pointer,
  ) {
    this.memory = kernelMemory;
    this.calls = instantiateLinks(kernel, kernelMemory);
    this.self = thread;
    this.scratch = toPointer(kernel.w_text(TEXT_STACK));
    this.look();
  }

  private look(): void {
    const { buffer } = this.memory;
    this.words = new Int32Array(buffer);
    this.numbers = new Float64Array(buffer);
    this.bigints = new BigInt64Array(buffer);
    this.size = buffer.byteLength;
  }

  /** A slot that the views have. */
  private slotAt(pointer: Pointer): Slot {
    if (pointer + CALL_SIZE > this.size) this.look();
    let slot = this.slots.get(pointer);
    if (!slot) this.slots.set(pointer, (slot = new Slot(pointer)));
    return slot;
  }

  // --- values in a slot ---

  private head(message: Message, fn: number, count: number): void {
    const { words } = this;
    words[message.fn] = fn;
    words[message.tags] = 0;
    words[message.count] = count;
  }

  private put(message: Message, i: number, value: unknown): void {
    if (typeof value === 'bigint') {
      this.bigints[message.values + i] = value;
      this.words[message.tags]! |= CALL_TAG_BIGINT << (2 * i);
    } else this.numbers[message.values + i] = value as number;
  }

  private putSpan(message: Message, i: number, tag: number, pointer: number, size: number): void {
    this.words[message.spans + 2 * i] = pointer;
    this.words[message.spans + 2 * i + 1] = size;
    this.words[message.tags]! |= tag << (2 * i);
  }

  private tag(slot: Slot, i: number): number {
    return (this.words[slot.shared.tags]! >>> (2 * i)) & 3;
  }

  private get(slot: Slot, i: number): number | bigint {
    const at = slot.shared.values + i;
    return this.tag(slot, i) === CALL_TAG_BIGINT ? this.bigints[at]! : this.numbers[at]!;
  }

  /** Of text or bytes. */
  private sizeOf(slot: Slot, i: number): number {
    return this.words[slot.shared.spans + 2 * i + 1]! >>> 0;
  }

  private text({ pointer, shared }: Slot): string {
    const size = this.words[shared.count]!;
    return decoder.decode(new Uint8Array(this.memory.buffer, pointer + CALL_TEXT_AT, size).slice());
  }

  // --- bytes ---

  /** Throws `CallFailed` when the place is outside the guest's memory. False: the other side has ended. */
  private receive(slot: Slot, pointer: number, size: number): boolean {
    this.party.requireRange(pointer, size);
    return this.calls.lw_receive(this.self, slot.pointer, MOVE_READ, pointer as Pointer, size) !== 0;
  }

  /** Bytes that there is no place for in the guest's memory; without `to` they are dropped. */
  private keep(slot: Slot, size: number, to?: Uint8Array): boolean {
    const room = new Uint8Array(this.memory.buffer, this.scratch, ROOM);
    for (let done = 0; done < size;) {
      const part = Math.min(ROOM, size - done);
      if (!this.calls.lw_receive(this.self, slot.pointer, MOVE_READ | MOVE_KERNEL, this.scratch, part)) return false;
      to?.set(room.subarray(0, part), done);
      done += part;
    }
    return true;
  }

  // --- the caller ---

  private open(line: Line): Slot {
    const pointer = toPointer(this.calls.lw_open(this.self, line.link.callee as Pointer));
    if (pointer === NULL) throw new CallFailed('the kernel has no memory for a call');
    const slot = this.slotAt(pointer);
    line.slots.push(slot);
    return slot;
  }

  /** The thread returns, and its process goes on. */
  close(): void {
    for (const line of this.lines.values())
      for (const { pointer } of line.slots) this.calls.lw_close(this.self, pointer);
    this.lines.clear();
  }

  private line(link: LinkMessage): Line {
    let line = this.lines.get(link.callee);
    if (!line) this.lines.set(link.callee, (line = new Line(link)));
    return line;
  }

  /** Asks and waits, and serves calls of its own meanwhile if the guest is reentrant. Throws `CallFailed`. */
  private ask(line: Line, slot: Slot): void {
    let result = toPointer(this.calls.lw_call(this.self, this.own, slot.pointer));
    while (result > CALL_NO_MEMORY) {
      const other = this.slotAt(result);
      if (this.perform(other)) this.calls.lw_answer(this.self, this.own, result);
      result = toPointer(this.calls.lw_resume(this.self, this.own, slot.pointer));
    }
    if (result === NULL && this.words[slot.shared.fn] === 0) return;
    line.depth--;
    throw new CallFailed(this.reason(line, slot, result));
  }

  private reason({ link }: Line, slot: Slot, result: number): string {
    if (result === CALL_HAS_ENDED) return `${link.to} has ended`;
    if (result === CALL_NO_MEMORY) return 'the kernel has no memory for the arguments';
    if (result === CALL_IS_DEADLOCK) return `EDEADLK: ${this.text(slot)}: the call would wait for itself`;
    return this.text(slot) || 'the kernel has no memory for the result';
  }

  /** What the guest imports as `entry`, which is an export of another guest. */
  bind(entry: HostMessage, index: number, name: string): WasmFunction {
    const { module, link, late } = entry;
    const what = `${module}.${name}`;
    const signature = late ? (late[name] ?? null) : entry.signature;
    if (link) return this.bound(this.line(link), what, signature, link.names.indexOf(name));
    let made: WasmFunction | undefined;
    return (...args) => {
      try {
        if (!made) {
          const line = this.line(this.party.resolve(index));
          made = this.bound(line, what, signature, line.number(name));
        }
      } catch (error) {
        const failure = signature?.error ?? null;
        return failure !== null && error instanceof CallFailed ? failure : this.failed(what, error);
      }
      return made(...args);
    };
  }

  private failed(what: string, error: unknown): undefined {
    if (!(error instanceof CallFailed)) throw error;
    this.party.fail(`${what}: ${error.message}`); // does not return
    return undefined;
  }

  private bound(line: Line, what: string, signature: HostSignature | null, fn: number): WasmFunction {
    return signature ? this.marshalled(line, fn, what, signature) : this.scalar(line, fn, what);
  }

  /** Numbers pass as they are. A function for each count that is usual, so that a call allocates nothing. */
  private scalar(line: Line, fn: number, what: string): WasmFunction {
    const call = (slot: Slot): unknown => {
      this.ask(line, slot);
      line.depth--;
      return this.result(slot);
    };
    switch (line.link.arities[fn]) {
      case 0:
        return () => {
          try {
            return call(this.begun(line, fn, 0));
          } catch (error) {
            return this.failed(what, error);
          }
        };
      case 1:
        return (a) => {
          try {
            const slot = this.begun(line, fn, 1);
            this.put(slot.ask, 0, a);
            return call(slot);
          } catch (error) {
            return this.failed(what, error);
          }
        };
      case 2:
        return (a, b) => {
          try {
            const slot = this.begun(line, fn, 2);
            this.put(slot.ask, 0, a);
            this.put(slot.ask, 1, b);
            return call(slot);
          } catch (error) {
            return this.failed(what, error);
          }
        };
      case 3:
        return (a, b, c) => {
          try {
            const slot = this.begun(line, fn, 3);
            this.put(slot.ask, 0, a);
            this.put(slot.ask, 1, b);
            this.put(slot.ask, 2, c);
            return call(slot);
          } catch (error) {
            return this.failed(what, error);
          }
        };
      default:
        return (...args) => {
          try {
            const slot = this.begun(line, fn, requireFew(args.length));
            for (let i = 0; i < args.length; i++) this.put(slot.ask, i, args[i]);
            return call(slot);
          } catch (error) {
            return this.failed(what, error);
          }
        };
    }
  }

  private begun(line: Line, fn: number, count: number): Slot {
    const slot = line.slots[line.depth] ?? this.open(line);
    line.depth++;
    this.head(slot.ask, fn, count);
    return slot;
  }

  private result(slot: Slot): unknown {
    const count = this.words[slot.shared.count]!;
    if (count === 1) return this.get(slot, 0);
    return count === 0 ? undefined : Array.from({ length: count }, (_, i) => this.get(slot, i));
  }

  /** Text and bytes, as the signature has them. */
  private marshalled(line: Line, fn: number, what: string, signature: HostSignature): WasmFunction {
    const { params, error: onFailure } = signature;
    const kind = signature.result === 'json' ? 'string' : signature.result;
    const number = fn | ((RESULTS.indexOf(kind) + 1) << RESULT_SHIFT);
    const places = params.map((_, i) =>
      params.slice(0, i).reduce((sum, before) => sum + (isNumber(before) ? 1 : 2), 0),
    );
    const flat = params.reduce((sum, each) => sum + (isNumber(each) ? 1 : 2), 0);
    requireFew(params.length);
    /** A result that was longer than the buffer, until the same call comes with one that has room. */
    let kept: { args: unknown[]; bytes: Uint8Array } | null = null;

    const copies = (args: unknown[]): unknown[] =>
      params.map((each, i) => {
        const at = places[i]!;
        return isNumber(each) ? args[at] : this.party.read(args[at] as number, args[at + 1] as number);
      });
    const deliver = (args: unknown[], bytes: Uint8Array): number => {
      const [pointer, room] = args.slice(flat) as [number, number];
      if (bytes.length <= room >>> 0) {
        kept = null;
        this.party.write(pointer, bytes);
      }
      return bytes.length;
    };
    const take = (slot: Slot, args: unknown[]): unknown => {
      if (kind === null) return undefined;
      if (isNumber(kind)) return this.get(slot, 0);
      const size = this.sizeOf(slot, 0);
      const [place, room] = args.slice(flat) as [number, number];
      if (signature.into === 'allocator') {
        const pointer = this.taken(slot, size, () => this.party.allocate(size, 0));
        this.party.write(place, new Uint8Array(new Uint32Array([size]).buffer));
        return pointer;
      }
      if (size <= room >>> 0) this.taken(slot, size, () => place);
      else {
        const bytes = new Uint8Array(size);
        if (!this.keep(slot, size, bytes)) throw new CallFailed(`${line.link.to} has ended`);
        kept = { args: copies(args), bytes };
      }
      return size;
    };

    return (...args) => {
      try {
        if (kept?.args.every((arg, i) => same(arg, copies(args)[i]))) return deliver(args, kept.bytes);
        kept = null;
        const slot = this.begun(line, number, params.length);
        params.forEach((each, i) => {
          const at = places[i]!;
          if (isNumber(each)) return this.put(slot.ask, i, args[at]);
          const [pointer, size] = [(args[at] as number) >>> 0, (args[at + 1] as number) >>> 0];
          this.party.requireRange(pointer, size);
          this.putSpan(slot.ask, i, each === 'bytes' ? CALL_TAG_BYTES : CALL_TAG_TEXT, pointer, size);
        });
        try {
          this.ask(line, slot);
        } catch (error) {
          if (!(error instanceof CallFailed) || onFailure === null) throw error;
          return onFailure;
        }
        const value = take(slot, args);
        line.depth--;
        return value;
      } catch (error) {
        return this.failed(what, error);
      }
    };
  }

  /** Where the bytes are then. Whatever happens, none stay in the ring. Throws `CallFailed`. */
  private taken(slot: Slot, size: number, place: () => number): number {
    let pointer;
    try {
      pointer = place();
      this.party.requireRange(pointer, size);
    } catch (error) {
      if (error instanceof CallFailed) this.keep(slot, size);
      throw error;
    }
    if (!this.receive(slot, pointer, size)) throw new CallFailed('the other guest has ended');
    return pointer;
  }

  // --- the one that is called ---

  /** Serves calls, asleep in the kernel between them, until the page has nudged it more often than messages have come from there. */
  serve(callee: Pointer, received: number): void {
    this.own = callee;
    let slot = this.slotAt(callee);
    for (let answered = NULL; ;) {
      const pointer = toPointer(this.calls.lw_next(this.self, callee, answered, received));
      if (pointer === NULL) return;
      if (pointer !== slot.pointer) slot = this.slotAt(pointer);
      answered = this.perform(slot) ? pointer : NULL;
    }
  }

  /** Runs the function. True: it has yet to be answered. */
  private perform(slot: Slot): boolean {
    const word = this.words[slot.shared.fn]!;
    try {
      if (this.functions.length === 0 && (this.functions = this.party.functions()).length === 0)
        throw new CallFailed('the other guest is not initialized yet');
      if (word >>> RESULT_SHIFT) return this.performMarshalled(slot, word);
      this.putResult(slot.answer, this.invoke(slot, word));
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      this.fail(slot, error.message);
    }
    return true;
  }

  private invoke(slot: Slot, fn: number): unknown {
    const run = this.functions[fn]![1];
    const count = this.words[slot.shared.count]!;
    const at = slot.shared.values;
    const { numbers } = this;
    try {
      if (this.words[slot.shared.tags] === 0)
        switch (count) {
          case 0:
            return run();
          case 1:
            return run(numbers[at]);
          case 2:
            return run(numbers[at], numbers[at + 1]);
          case 3:
            return run(numbers[at], numbers[at + 1], numbers[at + 2]);
        }
      return run(...Array.from({ length: count }, (_, i) => this.get(slot, i)));
    } catch (error) {
      throw this.refusal(fn, error);
    }
  }

  /** Of arguments that are of other types, which is no fault of the function's. */
  private refusal(fn: number, error: unknown): unknown {
    return error instanceof TypeError && !/wasm/.test(error.stack ?? '')
      ? new CallFailed(`${this.functions[fn]![0]}: ${error.message}`, 'TypeError')
      : error;
  }

  private putResult(answer: Message, value: unknown): void {
    if (typeof value === 'number') {
      this.head(answer, 0, 1);
      this.numbers[answer.values] = value;
    } else if (value === undefined) this.head(answer, 0, 0);
    else {
      const values = Array.isArray(value) ? value : [value];
      this.head(answer, 0, requireFew(values.length));
      for (let i = 0; i < values.length; i++) {
        if (typeof values[i] !== 'number' && typeof values[i] !== 'bigint')
          throw new CallFailed('the result is a reference, which cannot pass between guests');
        this.put(answer, i, values[i]);
      }
    }
  }

  private fail({ pointer, answer }: Slot, message: string): void {
    const bytes = encoder.encode(message).subarray(0, CALL_TEXT);
    new Uint8Array(this.memory.buffer, pointer + CALL_TEXT_AT, CALL_TEXT).set(bytes);
    this.head(answer, 1, bytes.length);
  }

  private performMarshalled(slot: Slot, word: number): boolean {
    const fn = word & ((1 << RESULT_SHIFT) - 1);
    const kind = RESULTS[(word >>> RESULT_SHIFT) - 1]!;
    const lent: number[] = [];
    const flat = this.borrow(slot, lent);
    if (!flat) return true; // its caller has ended
    let value;
    try {
      value = this.functions[fn]![1](...flat);
    } catch (error) {
      throw this.refusal(fn, error);
    }
    for (const pointer of lent) this.party.giveBack(pointer);
    if (kind === null || isNumber(kind)) {
      this.putResult(slot.answer, kind === null ? undefined : value);
      return true;
    }
    const [pointer, size] = this.party.spanOf(this.functions[fn]![0], value);
    this.party.requireRange(pointer, size);
    this.head(slot.answer, 0, 1);
    this.putSpan(slot.answer, 0, CALL_TAG_BYTES, pointer, size);
    this.calls.lw_answer(this.self, this.own, slot.pointer);
    if (pointer !== 0) this.party.giveBack(pointer);
    return false;
  }

  /** The arguments, with text and bytes in memory of the guest's allocator. Null: they do not come. Throws `CallFailed`. */
  private borrow(slot: Slot, lent: number[]): unknown[] | null {
    const count = this.words[slot.shared.count]!;
    const flat: unknown[] = [];
    for (let i = 0; i < count; i++) {
      const tag = this.tag(slot, i);
      if (tag === CALL_TAG_NUMBER || tag === CALL_TAG_BIGINT) {
        flat.push(this.get(slot, i));
        continue;
      }
      const size = this.sizeOf(slot, i);
      try {
        const pointer = this.party.allocate(size, tag === CALL_TAG_TEXT ? 1 : 0);
        lent.push(pointer);
        this.party.requireRange(pointer, size);
        if (!this.receive(slot, pointer, size)) return null;
        flat.push(pointer, size);
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error;
        for (let left = i; left < count; left++)
          if (this.tag(slot, left) >= CALL_TAG_TEXT) this.keep(slot, this.sizeOf(slot, left));
        for (const pointer of lent) this.party.giveBack(pointer);
        throw error;
      }
    }
    return flat;
  }
}

function requireFew(count: number): number {
  if (count > CALL_VALUES)
    throw new CallFailed(`more than ${CALL_VALUES} values cannot pass between guests`, 'TypeError');
  return count;
}

const same = (a: unknown, b: unknown): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array
    ? a.length === b.length && a.every((byte, i) => byte === b[i])
    : Object.is(a, b);
