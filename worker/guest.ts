/**
 * A guest that serves calls. It keeps its worker, which waits for calls in its event loop. The page sends calls over a dedicated port, those of one turn
 * in one message, and gets their results in one message.
 *
 * This is a separate file, loaded for the first guest that needs it.
 */
import { parseJson } from '../common/json.ts';
import { leave } from '../common/parts.ts';
import { NULL, toPointer, type Pointer } from '../common/pointer.ts';
import { decodeAnswer, type Answer } from '../common/values.ts';
import { CallFailed, decoded, encoded, hostFunction, isNumber, nameOfResult, travels } from './host-functions.ts';
import { called, callee } from './callees.ts';
import { Links } from './links.ts';
import {
  callsOf,
  READ,
  WRITE,
  type CallsMessage,
  type Failure,
  type FromGuest,
  type GuestMessage,
  type HostCallMessage,
  type Kind,
  type LinkMessage,
  type SignatureMessage,
  type ToGuest,
} from '../common/guest-protocol.ts';
import type { RunMessage } from '../common/worker-protocol.ts';
import { Loop } from './loop.ts';
import { memory, share } from './memories.ts';
import { guestSeatOf, type GuestSeat } from './guest-seat.ts';
import type { SeatWorker } from './seat.ts';
import { Companion } from './companion.ts';
import { functionsOf, importKey, type Functions } from './signatures.ts';
import { runNow, valueOf, type Steps } from './steps.ts';
import { Watch } from './watch.ts';

const NUL = new Uint8Array(1);

/** The wasm frames below those of a guest that serves another guest's call: lw_serve, and the function that it calls through the table. */
const SERVING_FRAMES = 2;

/** Removes the outermost wasm frames, which are not the guest's, from the stack trace. */
function withoutOutermost(error: unknown, frames: number): unknown {
  if (!(error instanceof Error) || error.stack === undefined) return error;
  const lines = error.stack.split('\n');
  for (let i = lines.length; frames > 0 && --i >= 0;)
    if (lines[i]!.includes('wasm-function[')) {
      lines.splice(i, 1);
      frames--;
    }
  error.stack = lines.join('\n');
  return error;
}

type WasmFunction = (...args: unknown[]) => unknown;

/** How many calls a guest answers before it checks whether others should run. */
const BETWEEN_LOOKS = 64;

/** How long a result waits for others to be sent with it, in milliseconds. */
const GATHERING = 1;

/** How many levels the JSON of a result may have. In V8, a message with a few thousand cannot be read, and is lost. */
const MOST_NESTED = 1000;

/** Gathers results into one message, but keeps none longer than GATHERING. */
class Results {
  private values: unknown[] = [];
  private failures: Failure[] = [];
  private sent = performance.now();

  constructor(private readonly post: (message: FromGuest, transfer: Transferable[]) => void) {}

  value(id: number, value: unknown): void {
    this.values.push(id, value);
    this.sendInTime();
  }

  failure(failure: Failure): void {
    this.failures.push(failure);
    this.sendInTime();
  }

  send(): void {
    if (this.values.length + this.failures.length === 0) return;
    this.post({ t: 'results', values: this.values.splice(0), failures: this.failures.splice(0) }, []);
  }

  private sendInTime(): void {
    const now = performance.now();
    if (now - this.sent < GATHERING) return;
    this.sent = now;
    this.send();
  }
}

export class Guest {
  private exports: Record<string, WebAssembly.ExportValue> = {};
  private instantiated = false;
  /** The names of the exported functions, in the page's numbering. */
  private names: string[] = [];
  private readonly port: MessagePort | null;
  private gone = false;
  /** Created when the page first uses it. */
  private loop: Loop | undefined;

  constructor(
    private readonly seat: GuestSeat,
    private readonly message: GuestMessage,
    private readonly module: Pick<RunMessage, 'head' | 'tid'>,
  ) {
    this.port = message.port;
  }

  /** Provides the guest's imports that are functions of the page or of other guests. */
  readonly imports = ({
    module,
    name,
    kind,
  }: WebAssembly.ModuleImportDescriptor): WebAssembly.ImportValue | undefined => {
    if (kind !== 'function') return undefined;
    const fn = this.message.host.findIndex((entry) => entry.module === module && (entry.late || entry.name === name));
    if (fn < 0) return undefined;
    const entry = this.message.host[fn]!;
    if (!entry.link && !entry.late) return this.seat.importOf(hostFunction(this.hostSide, entry, fn));
    return this.linked.bind(entry, fn, name);
  };

  private watch: Watch | undefined;
  private links: Links | null = null;
  /** Set once the guest serves calls from other guests: its callee, and the number of messages from the page since. */
  private callee = NULL;
  private received = 0;

  private get linked(): Links {
    const own = this.module.tid === 0 ? (this.message.callee as Pointer) : NULL;
    return (this.links ??= new Links(this.seat, this.party, own));
  }

  /** The types of the module's functions; null if its bytes were not kept. */
  private get types(): Functions | null {
    return (this.knownTypes ??= this.module.head && functionsOf(this.module.head));
  }

  private knownTypes: Functions | null = null;

  private readonly party = {
    requireRange: (pointer: number, size: number) => void this.range(pointer, size),
    read: (pointer: number, size: number) => this.read(pointer >>> 0, size >>> 0),
    write: (pointer: number, bytes: Uint8Array) => this.write(pointer >>> 0, bytes),
    allocate: (size: number, nul: 0 | 1) => runNow(this.allocate(size, nul)),
    giveBack: (pointer: number) => runNow(this.giveBack(pointer)),
    functions: () =>
      this.names.map((name) => ({
        name,
        run: this.exports[name] as WasmFunction,
        type: this.types?.exports.get(name),
      })),
    importType: (module: string, name: string) => this.types?.imports.get(importKey(module, name)),
    spanOf: (name: string, value: unknown) => this.spanOf(name, value),
    fail: (text: string) => this.seat.fail(text),
    resolve: (fn: number): LinkMessage => {
      const answer = runNow(this.ask(fn, [], []));
      if ('failed' in answer) throw new CallFailed(answer.failed);
      return JSON.parse(answer.value as string) as LinkMessage;
    },
  };

  private readonly hostSide = {
    read: (pointer: number, size: number) => this.read(pointer >>> 0, size >>> 0),
    write: (pointer: number, bytes: Uint8Array) => this.write(pointer >>> 0, bytes),
    lend: (bytes: Uint8Array) => this.lend(bytes),
    fail: (text: string) => this.seat.failing(text),
    ask: (fn: number, args: unknown[], transfer: Transferable[]) => this.ask(fn, args, transfer),
    answered: '',
  };

  private *ask(fn: number, args: unknown[], transfer: Transferable[]): Steps<Answer> {
    const { seat } = this;
    const { kernel } = seat;
    if (!args.every(travels)) throw new CallFailed('an argument is a reference, which the page cannot receive');
    // Polling would keep the others that share the worker from running.
    const watch = seat.single ? undefined : (this.watch ??= new Watch(kernel, seat.kernelMemory, seat.thread));
    // The page answers programs of which it knows that they run; this one may still be in its start function.
    if (!this.instantiated) seat.started();
    const call = yield* valueOf(seat.call(kernel.w_ask, fn));
    watch?.begin();
    const message: HostCallMessage = { t: 'host', tid: kernel.w_tid(), call, fn, args };
    if (this.port) this.port.postMessage(message, transfer);
    else seat.post(message);
    watch?.look();
    const pointer = toPointer(yield* valueOf(seat.call(kernel.w_await)));
    watch?.end();
    if (pointer === NULL) return { failed: 'the kernel is out of memory' };
    try {
      return decodeAnswer((size) => seat.bytes(pointer, size));
    } finally {
      yield* valueOf(seat.call(kernel.w_fetched));
    }
  }

  /** Initializes the guest and then serves calls. */
  *serve(instance: WebAssembly.Instance): Steps<void> {
    if (!(yield* this.enter(() => this.settle(instance, true)))) return;
    this.post({ t: 'ready', exports: this.listExports(), companion: [] });
    this.port!.onmessage = ({ data }: MessageEvent<ToGuest>) => this.receive(data);
  }

  /** Runs the entry of a thread, and sends its results. The process then ends, as a command does when it returns. */
  *thread(instance: WebAssembly.Instance, run: RunMessage): Steps<void> {
    const { seat } = this;
    yield* valueOf(seat.worker.start({ exports: { _start: () => seat.run(this.runThread(instance)) } }, run));
    this.post({ t: 'end' });
    this.close();
    this.seat.worker.leave();
  }

  private *runThread(instance: WebAssembly.Instance): Steps<void> {
    const { entry, args, repeat } = this.message.thread!;
    yield* this.settle(instance, false);
    let value: unknown;
    for (let i = 0; i < repeat; i++) {
      value = yield* this.entered(this.exports[entry] as WasmFunction, args);
      if (this.seat.single && i % BETWEEN_LOOKS === 0) yield* this.giveWay();
    }
    this.post({ t: 'results', values: [1, value], failures: [] });
  }

  /** Makes the exports of a guest that does not serve calls available to its host functions. Returns the exports to start it with. */
  attach({ exports }: WebAssembly.Instance): { exports: WebAssembly.Exports } {
    this.exports = exports;
    this.instantiated = true;
    const started = Object.entries(exports).map(([name, value]) => [
      name,
      typeof value === 'function'
        ? (...args: unknown[]) => this.seat.run(this.entered(value as WasmFunction, args))
        : value,
    ]);
    return { exports: Object.fromEntries(started) as WebAssembly.Exports };
  }

  /** Closes the links of a thread that is about to leave its process. */
  private returned(): void {
    if (this.module.tid !== 0) this.links?.close();
  }

  private entered(fn: WasmFunction, args: readonly unknown[]): Steps<unknown> {
    return this.explained(() => valueOf(this.seat.call(fn, ...args)));
  }

  /** Does the work, and names the host function in an exception that its return value caused. */
  private *explained<T>(work: () => Steps<T>): Steps<T> {
    try {
      const value = yield* work();
      this.returned();
      return value;
    } catch (error) {
      nameOfResult(error, this.hostSide);
      throw error;
    }
  }

  /** Hands a guest that has a companion over to it. */
  accompany(run: RunMessage): void {
    const { companion, called } = this.message;
    void new Companion(this, this.seat, run, companion!, this.port, called && run.tid === 0).run();
  }

  *settle(instance: WebAssembly.Instance, initialize: boolean): Steps<void> {
    this.exports = instance.exports;
    this.instantiated = true;
    yield* this.seat.callStart();
    if (initialize) yield* this.initialize();
  }

  close(): void {
    this.loop?.close();
    this.port?.close();
  }

  private get memory(): WebAssembly.Memory {
    const memory = this.seat.memory();
    if (!memory) throw new CallFailed('the module has no memory');
    return memory;
  }

  private post(message: FromGuest, transfer: Transferable[] = []): void {
    this.port!.postMessage(message, transfer);
  }

  private *initialize(): Steps<void> {
    const { entry } = this.message;
    const name = entry === undefined ? '_initialize' : entry;
    const fn = name === null ? undefined : this.exports[name];
    if (typeof fn === 'function') yield* valueOf(this.seat.call(fn as WasmFunction));
    else if (entry) throw new Error(`the module exports no function ${entry}, which the option entry names`);
  }

  listExports(): Extract<FromGuest, { t: 'ready' }>['exports'] {
    const types = this.types?.exports;
    const list = Object.entries(this.exports).flatMap(([name, value]) =>
      typeof value === 'function' ? [[name, types?.get(name) ?? null, value.length] as const] : [],
    ) as Extract<FromGuest, { t: 'ready' }>['exports'];
    this.names = list.map(([name]) => name);
    return list;
  }

  /** Runs guest code, then rests. Returns false if the guest has ended. */
  private *enter(work: () => Steps<void>): Steps<boolean> {
    try {
      yield* this.explained(work);
      yield* valueOf(this.seat.call(this.seat.kernel.w_rest));
      return true;
    } catch (error) {
      this.end(error);
      return false;
    }
  }

  private end(error: unknown): void {
    this.gone = true;
    this.post({ t: 'end' });
    this.seat.fault(error);
    this.close();
    this.seat.worker.leave();
  }

  private receive(message: ToGuest): void {
    this.run(
      () => this.handle(message),
      () => this.loop?.stir(),
    );
  }

  private *handle(message: ToGuest): Steps<void> {
    this.received++;
    if (message.t === 'calls') yield* this.answerCalls(message);
    // Where all guests share one worker, those that would call this one are refused.
    else if (!this.seat.single) {
      this.callee = message.callee as Pointer;
      this.received = 0;
    }
    if (this.callee) this.serveGuests();
  }

  private serveGuests(): void {
    try {
      this.linked.serve(this.callee, this.received);
    } catch (error) {
      throw withoutOutermost(error, SERVING_FRAMES);
    }
  }

  /** Wakes the resting guest and runs its code, and then calls `after`, unless the guest has ended. */
  private run(work: () => Steps<void>, after: () => void): void {
    this.seat.inTurn(() => this.turn(work, after));
  }

  private *turn(work: () => Steps<void>, after: () => void): Steps<void> {
    if (!this.gone && (yield* this.enter(() => this.awake(work)))) after();
  }

  private *awake(work: () => Steps<void>): Steps<void> {
    yield* valueOf(this.seat.call(this.seat.kernel.w_awake));
    yield* work();
  }

  private *answerCalls(message: CallsMessage): Steps<void> {
    const { single } = this.seat;
    const results = new Results((message, transfer) => this.post(message, transfer));
    let made = 0;
    try {
      for (const [id, fn, args] of callsOf(message)) {
        yield* this.answer(id, fn, args, results);
        if (single && ++made % BETWEEN_LOOKS === 0) yield* this.giveWay();
      }
    } finally {
      results.send();
    }
  }

  /** Lets other guests run if this one's slice of time is over. Short calls would never find out. */
  private *giveWay(): Steps<void> {
    const { single, call, kernel } = this.seat;
    if (single) yield* valueOf(call(kernel.w_interrupt));
  }

  private *answer(id: number, fn: number, args: unknown[], results: Results): Steps<void> {
    try {
      results.value(id, yield* this.perform(fn, args));
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      results.failure([id, error.message, error.type]);
    }
  }

  *perform(fn: number, args: unknown[]): Steps<unknown> {
    if (fn >= 0) return yield* this.call(this.names[fn]!, args);
    const pointer = args[0] as number;
    if (fn === READ) return this.read(pointer, args[1] as number);
    if (fn === WRITE) return this.write(pointer, args[1] as Uint8Array);
    if (this.callee)
      throw new CallFailed('an instance that other guests call has no event loop: it sleeps between calls');
    this.loop ??= new Loop({
      exports: this.exports,
      call: (fn, ...args) => this.seat.call(fn, ...args),
      run: (work, after) => this.run(work, after),
      post: (message) => this.post(message),
      waitingInput: () => this.waitingInput(),
      giveWay: () => this.giveWay(),
    });
    return yield* this.loop.perform(fn, args);
  }

  private *call(name: string, args: unknown[]): Steps<unknown> {
    const signature = Object.hasOwn(this.message.signatures, name) ? this.message.signatures[name] : undefined;
    if (signature) return yield* this.callMarshalled(name, signature, args);
    const value = yield* this.invoke(name, args);
    if (!(Array.isArray(value) ? value.every(travels) : travels(value)))
      throw new CallFailed(`${name} returned a reference, which the page cannot receive`);
    return value;
  }

  /** The page has checked the arguments if it knows the types; otherwise only the engine checks them. */
  private *invoke(name: string, args: unknown[]): Steps<unknown> {
    try {
      return yield* valueOf(this.seat.call(this.exports[name] as WasmFunction, ...args));
    } catch (error) {
      if (error instanceof TypeError && !/wasm/.test(error.stack ?? ''))
        throw new CallFailed(`${name}: ${error.message}`, 'TypeError');
      throw error;
    }
  }

  // --- text, bytes and JSON ---

  private *callMarshalled(name: string, { params, result }: SignatureMessage, args: unknown[]): Steps<unknown> {
    const lent: number[] = [];
    const flat = yield* this.lendAll(params, args, lent);
    const value = yield* this.invoke(name, flat);
    for (const pointer of lent) yield* this.giveBack(pointer);
    return result === null ? undefined : isNumber(result) ? value : yield* this.decoded(name, result, value);
  }

  /** Returns the arguments as numbers and adds the memory allocated for them to `lent`. Frees it all again if an allocation fails. */
  private *lendAll(params: Kind[], args: unknown[], lent: number[]): Steps<unknown[]> {
    const flat: unknown[] = [];
    try {
      for (const [i, kind] of params.entries()) {
        if (isNumber(kind)) {
          flat.push(args[i]);
          continue;
        }
        const bytes = encoded(kind, args[i]);
        const pointer = yield* this.lend(bytes, kind === 'bytes' ? 0 : 1);
        lent.push(pointer);
        flat.push(pointer, bytes.length);
      }
      return flat;
    } catch (error) {
      if (error instanceof CallFailed) for (const pointer of lent) yield* this.giveBack(pointer);
      throw error;
    }
  }

  /** Copies the bytes into guest memory, followed by a NUL if `nul` is 1, for C functions that take text. */
  private *lend(bytes: Uint8Array, nul: 0 | 1 = 0): Steps<number> {
    const pointer = yield* this.allocate(bytes.length, nul);
    this.write(pointer, bytes);
    return pointer;
  }

  private *allocate(size: number, nul: 0 | 1): Steps<number> {
    const { malloc } = this.message.allocator;
    const allocate = this.exports[malloc];
    if (typeof allocate !== 'function')
      throw new CallFailed(
        `the module does not export ${malloc}, which text and bytes need: name its allocator in the option allocator`,
      );
    const made = yield* valueOf(this.seat.call(allocate as WasmFunction, Math.max(size + nul, 1)));
    const pointer = Number(made) >>> 0;
    if (pointer === 0) throw new CallFailed(`${malloc}(${size}) returned 0: the guest is out of memory`);
    if (nul) this.write(pointer + size, NUL);
    return pointer;
  }

  private *giveBack(pointer: number): Steps<void> {
    const free = this.exports[this.message.allocator.free];
    if (typeof free === 'function') yield* valueOf(this.seat.call(free as WasmFunction, pointer));
  }

  /** Two results are a pointer and a length, an i64 has the pointer in its upper half, and a single i32 points to NUL-terminated text. */
  private spanOf(name: string, value: unknown): [pointer: number, size: number] {
    if (Array.isArray(value)) return [(value[0] as number) >>> 0, (value[1] as number) >>> 0];
    if (typeof value === 'bigint') {
      const bits = BigInt.asUintN(64, value);
      return [Number(bits >> 32n), Number(bits & 0xffffffffn)];
    }
    const pointer = (value as number) >>> 0;
    return [pointer, this.textSize(name, pointer)];
  }

  private *decoded(name: string, kind: Kind, value: unknown): Steps<unknown> {
    const [pointer, size] = this.spanOf(name, value);
    const bytes = this.read(pointer, size);
    if (pointer !== 0) yield* this.giveBack(pointer);
    if (kind === 'bytes') return bytes;
    const text = decoded(bytes);
    if (kind === 'string') return text;
    try {
      return parseJson(text, MOST_NESTED, MOST_NESTED);
    } catch (error) {
      throw new CallFailed(`${name} returned invalid JSON: ${(error as Error).message}`);
    }
  }

  private textSize(name: string, pointer: number): number {
    if (pointer === 0) return 0;
    const all = new Uint8Array(this.memory.buffer);
    const end = all.indexOf(0, pointer);
    if (end < 0) throw new CallFailed(`${name} returned ${pointer}, which is not the address of NUL-terminated text`);
    return end - pointer;
  }

  /** Calls poll_oneoff for standard input and an expired clock. Returns 0 for a guest without an allocator. */
  private *waitingInput(): Steps<number> {
    if (typeof this.exports[this.message.allocator.malloc] !== 'function') return 0;
    const [two, each] = [new Uint8Array(96), 32];
    two[8] = 1; // the first subscription waits for descriptor 0 to be readable, the second for the clock
    const pointer = yield* this.lend(new Uint8Array([...two, ...new Uint8Array(2 * each + 4)]));
    const events = pointer + two.length;
    const poll = this.seat.kernel.p1_poll_oneoff as WasmFunction;
    yield* valueOf(this.seat.call(poll, pointer, events, 2, events + 2 * each));
    const view = new DataView(this.memory.buffer, events, 2 * each + 4);
    let bytes = 0;
    for (let i = 0; i < view.getUint32(2 * each, true); i++)
      if (view.getUint8(each * i + 10) === 1 && view.getUint16(each * i + 8, true) === 0)
        bytes = Number(view.getBigUint64(each * i + 16, true));
    yield* this.giveBack(pointer);
    return bytes;
  }

  private range(pointer: number, size: number): Uint8Array {
    const { byteLength } = this.memory.buffer;
    if (pointer + size > byteLength)
      throw new CallFailed(
        `bytes ${pointer} to ${pointer + size} are outside the guest's memory of ${byteLength} bytes`,
        'RangeError',
      );
    return new Uint8Array(this.memory.buffer, pointer, size);
  }

  private read(pointer: number, size: number): Uint8Array {
    const bytes = this.range(pointer, size); // checked first, so that a bad size is not allocated
    const copy = new Uint8Array(size);
    copy.set(bytes);
    return copy;
  }

  private write(pointer: number, bytes: Uint8Array): void {
    this.range(pointer, bytes.length).set(bytes);
  }
}

/** Why a guest cannot run where all guests share one worker; undefined if it can. */
function notSingle({ companion, host, thread }: GuestMessage, { added }: RunMessage): string | undefined {
  const needs = (what: string): string =>
    `${what} needs a page that is cross-origin isolated; in others, all programs share one worker (docs/hosting.md)`;
  if (companion) return needs('a companion');
  if (host.some(({ link, late }) => link || late)) return needs('the option link');
  if (thread && !added) return needs('a thread that is not interruptible');
  return undefined;
}

function* steps(seat: GuestSeat, made: Guest, guest: GuestMessage, message: RunMessage): Steps<void> {
  const { worker } = seat;
  const refusal = seat.single && notSingle(guest, message);
  if (refusal) {
    worker.refuse(message.session, 'options', refusal);
    worker.leave();
    return;
  }
  if (guest.companion) return made.accompany(message);
  const instance = worker.begin(message, made.imports);
  if (instance && guest.called && message.tid === 0)
    return yield* guest.thread ? made.thread(instance, message) : made.serve(instance);
  if (instance) yield* valueOf(worker.start(made.attach(instance), message));
  if (instance !== undefined) {
    made.close();
    worker.leave();
  }
}

/** Runs a guest that serves calls or has host functions. A guest that serves calls keeps this worker. */
export function runGuest(worker: SeatWorker, message: RunMessage, port: MessagePort | null): void | Promise<void> {
  const guest = { ...message.guest!, port };
  const seat = guestSeatOf(worker, message);
  return seat.run(steps(seat, new Guest(seat, guest, message), guest, message));
}

leave({ runGuest, callee, called, memory, share });
export { called, callee, memory, share };
