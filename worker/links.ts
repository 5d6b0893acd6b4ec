/**
 * Calls between guests: one guest's import is another guest's export, in another worker. Both sides share a slot in kernel memory
 * (native/links/call.h). The functions here write the arguments to it, and the C code wakes the other side and waits. A call involves neither the page nor
 * the coordinator, and allocates nothing. Where only numbers pass and the types of both functions are known, wasm adapters (link-adapters.ts) take the
 * place of these functions, which then handle the first call, nested ones, and failures.
 *
 * A slot has header words (the function's number, tags of the values, their count) and up to 14 values of 8 bytes. Text and bytes are an address and a size,
 * and are copied from memory to memory through the slot's ring.
 */
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
import type { FunctionType, HostMessage, HostSignature, Kind, LinkMessage } from '../common/guest-protocol.ts';
import { NULL, toPointer, type Pointer } from '../common/pointer.ts';
import { CallFailed, isNumber } from './host-functions.ts';
import { callers, fits, servers } from './link-adapters.ts';
import { instantiateLinks, type LinkExports } from './links-module.ts';
import { instantiateProbe } from './probe.ts';
import type { Seat } from './seat.ts';

type WasmFunction = (...args: unknown[]) => unknown;

/** The upper bits of a call's number hold 0 for a call without a signature, otherwise the index in this list plus one. */
const RESULTS: (Kind | null)[] = [null, 'i32', 'i64', 'f32', 'f64', 'string', 'bytes'];
const RESULT_SHIFT = 24;

/** The size of the thread's buffer for I/O vectors, which no system call uses meanwhile. */
const ROOM = 8192;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A function that the guest exports. */
interface Exported {
  readonly name: string;
  readonly run: WasmFunction;
  /** Unknown if the module's bytes were not kept. */
  readonly type: FunctionType | undefined;
}

/** What links need from the guest (guest.ts). */
export interface Party {
  /** Throws `CallFailed` if the range is outside the guest's memory. */
  requireRange(pointer: number, size: number): void;
  /** Returns a copy of the bytes. */
  read(pointer: number, size: number): Uint8Array;
  write(pointer: number, bytes: Uint8Array): void;
  /** Allocates memory with the guest's allocator, followed by a NUL if `nul` is 1. */
  allocate(size: number, nul: 0 | 1): number;
  giveBack(pointer: number): void;
  /** The guest's exported functions in the order of their numbers; empty until the guest is initialized. */
  functions(): Exported[];
  /** The type of a function that the guest imports, if it is known and an adapter can have it. */
  importType(module: string, name: string): FunctionType | undefined;
  /** The location of the text or bytes that a function returned. */
  spanOf(name: string, value: unknown): [pointer: number, size: number];
  /** Ends the guest with this text, as a trap does. */
  fail(text: string): void;
  /** Asks the page for the instance behind a late link. */
  resolve(index: number): LinkMessage;
}

/** The location of a message in a slot, as indexes into the views. */
interface Message {
  /** The indexes of the words FN, TAGS and COUNT. */
  readonly fn: number;
  readonly tags: number;
  readonly count: number;
  /** The index of the first value, in 8-byte numbers and in words. */
  readonly values: number;
  readonly spans: number;
}

class Slot {
  /** The message being delivered, the one that the caller prepares, and the one that the callee prepares. */
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

/** One thread's end of a link, with a slot for each nested call. */
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

/** The slot that the adapters of one link share. One call at a time uses it; a nested call finds it in use, and takes another slot of the line. */
class Lane {
  slot: Slot | undefined;
  /** The slot's address, or NULL while a call is made or before the first one. */
  readonly free = variable(NULL);
}

const variable = (value: number): WebAssembly.Global => new WebAssembly.Global({ value: 'i32', mutable: true }, value);

/** The links of a worker. */
export class Links {
  private readonly calls: LinkExports;
  private readonly memory: WebAssembly.Memory;
  private readonly self: Pointer;
  private readonly scratch: Pointer;
  private readonly lines = new Map<number, Line>();
  /** Keyed by LinkMessage, or for a late link by HostMessage. */
  private readonly lanes = new Map<object, Lane>();
  /** The slots seen so far, by address, on which alone their layout depends. */
  private readonly slots = new Map<Pointer, Slot>();
  /** Views of the whole kernel memory at its last known size. Views of shared memory stay valid when it grows. */
  private words!: Int32Array;
  private numbers!: Float64Array;
  private bigints!: BigInt64Array;
  private size = 0;
  /** The exports of this worker's guest, read on the first call. */
  private functions: Exported[] = [];
  /** The value of `own`, as a global that adapters import. */
  private readonly owner: WebAssembly.Global;
  /** The first entry of this guest's functions in the table of lw_serve; 0 before it serves. */
  private first = 0;
  /** The functions whose table entry is final. */
  private readonly settled = new Set<number>();

  constructor(
    { kernel, kernelMemory, thread, worker }: Seat,
    private readonly party: Party,
    /** The callee that this thread serves, or NULL. */
    private own: Pointer,
  ) {
    this.memory = kernelMemory;
    this.calls = instantiateLinks(kernel, kernelMemory, instantiateProbe(worker.boot.probe), (slot) =>
      Number(this.perform(this.slotAt(toPointer(slot as never)))),
    );
    this.owner = variable(own);
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

  /** Returns the slot at this address, renewing the views if they do not cover it. */
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

  /** The size of a text or bytes value. */
  private sizeOf(slot: Slot, i: number): number {
    return this.words[slot.shared.spans + 2 * i + 1]! >>> 0;
  }

  private text({ pointer, shared }: Slot): string {
    const size = this.words[shared.count]!;
    return decoder.decode(new Uint8Array(this.memory.buffer, pointer + CALL_TEXT_AT, size).slice());
  }

  // --- bytes ---

  /** Copies bytes into guest memory. Returns false if the other side has ended. Throws `CallFailed` if the range is outside the guest's memory. */
  private receive(slot: Slot, pointer: number, size: number): boolean {
    this.party.requireRange(pointer, size);
    return this.calls.lw_receive(this.self, slot.pointer, MOVE_READ, pointer as Pointer, size) !== 0;
  }

  /** Receives bytes that do not fit in guest memory into `to`, or drops them if it is absent. */
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

  /** Closes all slots when the thread returns before its process ends. */
  close(): void {
    const slots = [...this.lines.values()].flatMap((line) => line.slots);
    for (const lane of this.lanes.values()) {
      lane.free.value = NULL;
      if (lane.slot) slots.push(lane.slot);
    }
    for (const { pointer } of slots) this.calls.lw_close(this.self, pointer);
    this.lines.clear();
    this.lanes.clear();
  }

  private line(link: LinkMessage): Line {
    let line = this.lines.get(link.callee);
    if (!line) this.lines.set(link.callee, (line = new Line(link)));
    return line;
  }

  /** Makes the call and waits for the answer. Throws `CallFailed`. */
  private ask(line: Line, slot: Slot): void {
    try {
      this.finish(line, slot, toPointer(this.calls.lw_call(this.self, this.own, slot.pointer)));
    } catch (error) {
      line.depth--;
      throw error;
    }
  }

  /** Continues after lw_call returned `result`. A reentrant guest serves incoming calls until the answer is there. Throws `CallFailed`. */
  private finish(line: Line, slot: Slot, result: Pointer): void {
    while (result > CALL_NO_MEMORY) {
      const other = this.slotAt(result);
      if (this.perform(other)) this.calls.lw_answer(this.self, this.own, result);
      result = toPointer(this.calls.lw_resume(this.self, this.own, slot.pointer));
    }
    if (result !== NULL || this.words[slot.shared.fn] !== 0) throw new CallFailed(this.reason(line, slot, result));
  }

  private reason({ link }: Line, slot: Slot, result: number): string {
    if (result === CALL_HAS_ENDED) return `${link.to} has ended`;
    if (result === CALL_NO_MEMORY) return 'the kernel has no memory for the arguments';
    if (result === CALL_IS_DEADLOCK) return `EDEADLK: ${this.text(slot)}: the call would wait for itself`;
    return this.text(slot) || 'the kernel has no memory for the result';
  }

  /** Returns the function that the guest imports as `entry`, which calls another guest's export. */
  bind(entry: HostMessage, index: number, name: string): WasmFunction {
    const { module, link, late } = entry;
    const what = `${module}.${name}`;
    const signature = late ? (late[name] ?? null) : entry.signature;
    const number = variable(0);
    let line: Line;
    let made: WasmFunction | undefined;
    const make = (to: Line, fn: number): WasmFunction => {
      line = to;
      number.value = fn;
      return (made = this.bound(to, what, signature, fn));
    };
    const call: WasmFunction = (...args) => {
      try {
        if (!made) {
          const to = this.line(this.party.resolve(index));
          make(to, to.number(name));
        }
      } catch (error) {
        const failure = signature?.error ?? null;
        return failure !== null && error instanceof CallFailed ? failure : this.failed(what, error);
      }
      return made!(...args);
    };
    const other = link ? make(this.line(link), link.names.indexOf(name)) : call;
    const type = signature ? undefined : this.party.importType(module, name);
    return type && fits(type) ? this.adapted(type, number, what, link ?? number, () => line, other) : other;
  }

  /**
   * Returns a function of this type that calls the export whose number `fn` holds, without JavaScript if possible, and otherwise through `other`.
   *
   * @param key - Functions with the same key share a lane.
   * @param lineOf - Called after `other` returned for the first time.
   */
  private adapted(
    type: FunctionType,
    fn: WebAssembly.Global,
    what: string,
    key: object,
    lineOf: () => Line,
    other: WasmFunction,
  ): WasmFunction {
    let lane = this.lanes.get(key);
    if (!lane) this.lanes.set(key, (lane = new Lane()));
    const { free } = lane;
    return callers.instantiate(type, {
      memory: this.memory,
      call: this.calls.lw_call as never,
      self: this.self,
      fn,
      own: this.owner,
      free,
      other: (...args: unknown[]): unknown => {
        const value = other(...args);
        if (!lane.slot) this.openLane(lane, lineOf());
        return value;
      },
      settle: (result: number): unknown => {
        const slot = lane.slot!;
        try {
          this.finish(lineOf(), slot, toPointer(result as never));
          free.value = slot.pointer;
          return this.result(slot);
        } catch (error) {
          return this.failed(what, error);
        }
      },
    }) as WasmFunction;
  }

  private openLane(lane: Lane, { link }: Line): void {
    const pointer = toPointer(this.calls.lw_open(this.self, link.callee as Pointer));
    if (pointer === NULL) return; // no memory: calls go on as before
    lane.slot = this.slotAt(pointer);
    lane.free.value = pointer;
  }

  private failed(what: string, error: unknown): undefined {
    if (!(error instanceof CallFailed)) throw error;
    this.party.fail(`${what}: ${error.message}`); // does not return
    return undefined;
  }

  private bound(line: Line, what: string, signature: HostSignature | null, fn: number): WasmFunction {
    return signature ? this.marshalled(line, fn, what, signature) : this.scalar(line, fn, what);
  }

  /** Numbers pass unchanged. The common argument counts have functions without rest parameters, so that a call allocates nothing. */
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

  /** Returns a function that passes text and bytes as the signature declares. */
  private marshalled(line: Line, fn: number, what: string, signature: HostSignature): WasmFunction {
    const { params, error: onFailure } = signature;
    const kind = signature.result === 'json' ? 'string' : signature.result;
    const number = fn | ((RESULTS.indexOf(kind) + 1) << RESULT_SHIFT);
    const places = params.map((_, i) =>
      params.slice(0, i).reduce((sum, before) => sum + (isNumber(before) ? 1 : 2), 0),
    );
    const flat = params.reduce((sum, each) => sum + (isNumber(each) ? 1 : 2), 0);
    requireFew(params.length);
    /** A result that was longer than the buffer, kept until the guest repeats the call with a larger buffer. */
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

  /** Receives the bytes at the address that `place` returns, and returns it. Empties the ring even on failure. Throws `CallFailed`. */
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

  // --- the callee ---

  /** Serves calls, sleeping in the kernel between them, until the page has nudged it more often than it has received messages from the page. */
  serve(callee: Pointer, received: number): void {
    this.own = callee;
    this.owner.value = callee;
    if (this.first === 0) this.enlist();
    this.calls.lw_serve(this.self, callee, received, this.first, this.functions.length);
  }

  /** Makes table entries for this guest's functions, and one for calls of unknown functions. */
  private enlist(): void {
    this.functions = this.party.functions();
    const { __indirect_function_table: table, lw_perform } = this.calls;
    this.first = table.grow(this.functions.length + 1);
    for (let i = 0; i <= this.functions.length; i++) table.set(this.first + i, lw_perform);
  }

  /** Called after the first call of a function: from now on an adapter runs the function if it takes and returns only numbers. */
  private settle(fn: number): void {
    if (this.first === 0 || this.settled.has(fn)) return;
    this.settled.add(fn);
    const { type, run } = this.functions[fn]!;
    if (!type || !fits(type)) return;
    const imports = { memory: this.memory, run, other: this.calls.lw_perform as never };
    try {
      this.calls.__indirect_function_table.set(this.first + fn, servers.instantiate(type, imports));
    } catch (error) {
      if (!(error instanceof WebAssembly.LinkError)) throw error; // its type is part of a recursive group
    }
  }

  /** Runs the function. Returns true if the call has yet to be answered. */
  private perform(slot: Slot): boolean {
    const word = this.words[slot.shared.fn]!;
    try {
      if (this.functions.length === 0 && (this.functions = this.party.functions()).length === 0)
        throw new CallFailed('the other guest is not initialized yet');
      if (word >>> RESULT_SHIFT) return this.performMarshalled(slot, word);
      this.putResult(slot.answer, this.invoke(slot, word));
      this.settle(word);
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      this.fail(slot, error.message);
    }
    return true;
  }

  private invoke(slot: Slot, fn: number): unknown {
    const { run } = this.functions[fn]!;
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

  /** Turns the engine's TypeError for arguments of the wrong type into `CallFailed`; returns any other error unchanged. */
  private refusal(fn: number, error: unknown): unknown {
    return error instanceof TypeError && !/wasm/.test(error.stack ?? '')
      ? new CallFailed(`${this.functions[fn]!.name}: ${error.message}`, 'TypeError')
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
      value = this.functions[fn]!.run(...flat);
    } catch (error) {
      throw this.refusal(fn, error);
    }
    for (const pointer of lent) this.party.giveBack(pointer);
    if (kind === null || isNumber(kind)) {
      this.putResult(slot.answer, kind === null ? undefined : value);
      return true;
    }
    const [pointer, size] = this.party.spanOf(this.functions[fn]!.name, value);
    this.party.requireRange(pointer, size);
    this.head(slot.answer, 0, 1);
    this.putSpan(slot.answer, 0, CALL_TAG_BYTES, pointer, size);
    this.calls.lw_answer(this.self, this.own, slot.pointer);
    if (pointer !== 0) this.party.giveBack(pointer);
    return false;
  }

  /** Receives the arguments, text and bytes into memory from the guest's allocator. Returns null if the caller has ended. Throws `CallFailed`. */
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
