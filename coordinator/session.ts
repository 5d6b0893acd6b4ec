/** A process as the page sees it: its messages to and from the page. The kernel's half is session.c. */
import {
  CODE_CPU_TIME,
  CODE_KILLED,
  CODE_SIGNAL,
  CODE_TIMEOUT,
  EXIT_REASON_KILLED,
  EXIT_REASON_LIMIT,
  EXIT_REASON_TIMEOUT,
  PS_PROCESS_LENGTH,
  PS_THREAD_LENGTH,
  SESSION_ENDED,
  SESSION_FAILED,
  SESSION_LOADING,
  SESSION_REFUSED,
  SESSION_RUNNING,
  SESSION_STARTING,
  THREADS_MAX,
  TRACE_FD,
  TTY_INTERRUPT,
  TTY_QUIT,
} from '../build/generated/layouts.ts';
import { toTransfer } from '../common/endpoint.ts';
import type { MemoryType } from '../common/module-bytes.ts';
import { NULL, toPointer, type Pointer } from '../common/pointer.ts';
import type {
  ExitMessage,
  FromCoordinator,
  LimitsMessage,
  PsMessage,
  SignalName,
  SpawnMessage,
  StreamFd,
} from '../common/protocol.ts';
import type { GuestMessage, HostCallMessage } from '../common/guest-protocol.ts';
import { LONGEST_TIMER } from '../common/timers.ts';
import { handleGone, type Channel, type ChannelMessage, type Post } from './channel.ts';
import { Input } from './input.ts';
import { Refusal, type Program } from './modules.ts';
import type { Kernel } from './kernel.ts';

const EPIPE = { code: 'EPIPE', message: 'the program no longer reads its standard input' };

/** The shortest wait, in milliseconds: a timer that fires slightly early needs another one. */
const SOON = 1;

const signalNames: Readonly<Record<number, SignalName>> = { [TTY_INTERRUPT]: 'SIGINT', [TTY_QUIT]: 'SIGQUIT' };
/** How many numbers `describe` may write. */
const PS_ROOM = PS_PROCESS_LENGTH + THREADS_MAX * PS_THREAD_LENGTH;

/** How long an interruptible program may take to stop by itself. It takes microseconds, except during a bulk instruction over gigabytes or compilation. */
const GRACE_MS = 1000;
/**
 * The number of timers that make up the grace period. On a machine with more threads than cores each timer fires late, which gives the program, whose
 * threads are also delayed there, more time.
 */
const GRACE_LOOKS = 50;

export class Session implements Channel {
  /** session.h describes the states. */
  #state = SESSION_LOADING;
  readonly id: number;
  readonly name: string;
  readonly parent: PsMessage['parent'];
  /** For a component: how the page answers its HTTP. */
  http: SpawnMessage['http'];
  readonly #limits: LimitsMessage;
  /** Whether the page handles its terminal's signals. */
  readonly #signalsWanted: boolean;
  #guest: GuestMessage | null;
  /** Cancels a program that has not started. */
  readonly killed = new AbortController();
  /** Set once the program is loaded. */
  program!: Program;
  /** If the module imports its memory: the memory that its threads share, or the type of an unshared memory, which its worker creates. */
  memory: WebAssembly.Memory | MemoryType | null = null;
  /** The kernel's session; NULL before it has started and after it is over. */
  #pointer = NULL;
  pid = 0;
  /** Milliseconds since the epoch. */
  started = 0;
  /** Called when a worker may be free, while the program waits for one. */
  workerFree = (): void => undefined;
  /** Messages from the page that came while it was loading. */
  #early: ChannelMessage[] = [];
  /** Messages for the page, held back until after `spawned`. */
  #held: FromCoordinator[] = [];
  /** The ports that its sockets listen on. */
  #ports: readonly number[] = [];
  readonly #input: Input;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #cpuTimer: ReturnType<typeof setTimeout> | undefined;
  /** Calls of `pause` that wait until none of its threads runs its code. */
  readonly #pausing: (() => void)[] = [];

  readonly #kernel: Kernel;
  readonly #post: Post;

  constructor({ id, name, guest, limits, terminal, parent }: SpawnMessage, kernel: Kernel, post: Post) {
    this.#kernel = kernel;
    this.#post = post;
    this.id = id;
    this.name = name;
    this.#guest = guest;
    this.parent = parent ? { process: parent } : null;
    this.#limits = limits;
    this.#signalsWanted = terminal?.signals === true;
    this.#input = new Input(
      kernel,
      {
        open: () => this.#pointer !== NULL,
        feed: (bytes, size) => kernel.call.c_feed(this.#pointer, bytes, size),
        end: () => void kernel.call.c_feed_end(this.#pointer),
        ...(terminal && { signalAt: (bytes: Uint8Array) => this.#signalAt(bytes) }),
        done: (error) => post({ t: 'stdin-done', id, error }),
      },
      EPIPE,
    );
  }

  handle(message: ChannelMessage): void {
    if (this.#state === SESSION_LOADING) {
      this.#early.push(message);
      if (message.t === 'kill') this.killed.abort(new Refusal('closed', 'it was killed before it ran'));
      return;
    }
    switch (message.t) {
      case 'stdin':
        if (this.attached) this.#input.write(message.bytes);
        else handleGone(message, this.#post);
        break;
      case 'stdin-end':
        this.endInput();
        break;
      case 'credit':
        if (this.#pointer) this.#kernel.call.c_credit(this.#pointer, message.fd, message.bytes);
        break;
      case 'cancel':
        if (this.#pointer) this.#kernel.call.c_cancel(this.#pointer, message.fd);
        break;
      case 'pause': {
        const done = (): void => this.#post({ t: 'done', call: message.call, value: undefined });
        if (message.paused) this.#pause(done);
        else {
          this.#resume();
          done();
        }
        break;
      }
      case 'trace':
        this.#trace(message.on, message.credit);
        break;
      case 'echo':
        this.setEcho(message.echo);
        break;
      case 'raw':
        this.setRaw(message.raw, message.onlcr);
        break;
      case 'host-answer':
        this.#hostAnswer(message.tid, message.call, message.bytes);
        break;
      case 'kill':
        this.end(EXIT_REASON_KILLED, CODE_KILLED, 'killed');
        break;
      case 'abort':
        break; // for a connection that is over
    }
  }

  /** Removes and returns the messages that came while it was loading. */
  takeEarly(): ChannelMessage[] {
    return this.#early.splice(0);
  }

  /** Connects it to the kernel's session. */
  attach(pointer: Pointer, ports: readonly number[]): void {
    this.#state = SESSION_STARTING;
    this.#pointer = pointer;
    this.#ports = ports;
    this.pid = this.#kernel.call.c_pid(pointer);
    this.started = Date.now();
    this.pumpInput();
    this.#watchCpuTime();
  }

  /** Returns the guest message for a worker; only the first worker gets the port. */
  takeGuest(): GuestMessage | null {
    const guest = this.#guest;
    this.#guest &&= { ...this.#guest, port: null };
    return guest;
  }

  get pointer(): Pointer {
    return this.#pointer;
  }

  get attached(): boolean {
    return this.#pointer !== NULL;
  }

  /** Whether its threads may still be running. */
  get running(): boolean {
    return this.#state === SESSION_STARTING || this.#state === SESSION_RUNNING;
  }

  /** Whether it ended before it ran, and its worker has yet to report why. */
  get awaitsRefusal(): boolean {
    return this.#state === SESSION_FAILED;
  }

  /** Called when its process is dead. Its streams may still be open. */
  #leave(state: number): void {
    this.#state = state;
    clearTimeout(this.#timer);
    clearTimeout(this.#cpuTimer);
    for (const done of this.#pausing.splice(0)) done();
  }

  // --- messages to the page, in order: spawned, output, ends ---

  announce(): void {
    if (this.#state !== SESSION_STARTING) return;
    this.#state = SESSION_RUNNING;
    this.#post({ t: 'spawned', id: this.id, pid: this.pid, ports: [...this.#ports] });
    for (const message of this.#held.splice(0)) this.#post(message);
  }

  #tell(message: FromCoordinator): void {
    if (this.#state === SESSION_RUNNING || this.#state === SESSION_ENDED) this.#post(message);
    else this.#held.push(message);
  }

  refuse(kind: 'module' | 'limit' | 'options', message: string): void {
    this.#leave(SESSION_REFUSED);
    this.#held = [];
    const why = kind === 'limit' ? `the engine has no memory for another program: ${message}` : message;
    this.#post({ t: 'refused', id: this.id, refusal: { kind, message: why } });
  }

  /** Called when the process ended before any of its code ran. */
  failed(): void {
    if (this.#state !== SESSION_REFUSED) this.#leave(SESSION_FAILED);
  }

  output(fd: StreamFd, bytes: Uint8Array<ArrayBuffer>): void {
    this.announce(); // bytes prove that it runs
    this.#post({ t: 'output', id: this.id, fd, bytes }, toTransfer(bytes));
  }

  outputEnd(fd: StreamFd): void {
    this.#tell({ t: 'end', id: this.id, fd });
  }

  /** Reports the exit. A process that has exited has run, so this does not wait for its worker's report, which may be lost with the worker. */
  exited(exit: ExitMessage): void {
    this.announce();
    this.#leave(SESSION_ENDED);
    this.#post({
      t: 'exited',
      id: this.id,
      exit: exit.reason === 'limit' ? { ...exit, ...this.#brokenLimit(exit) } : exit,
    });
  }

  /** Called when the kernel's session is gone. */
  over(): void {
    this.#pointer = NULL;
    this.#input.fail();
  }

  // --- input ---

  endInput(): void {
    this.#input.end();
  }

  pumpInput(): void {
    this.#input.pump();
  }

  setRaw(raw: boolean, onlcr: boolean): void {
    if (this.#pointer) this.#kernel.call.c_raw(this.#pointer, Number(raw), Number(onlcr));
  }

  setEcho(echo: boolean): void {
    if (this.#pointer) this.#kernel.call.c_echo(this.#pointer, Number(echo));
  }

  #signalAt(bytes: Uint8Array): number {
    const kernel = this.#kernel;
    kernel.bytes(kernel.data, bytes.length).set(bytes);
    return kernel.call.c_signal_at(this.#pointer, kernel.data, bytes.length);
  }

  signal(number: number): void {
    const signal = signalNames[number]!;
    if (this.#signalsWanted) this.#tell({ t: 'signal', id: this.id, signal });
    else queueMicrotask(() => this.end(EXIT_REASON_KILLED, CODE_SIGNAL + number, signal)); // later, because the kernel is still processing keys
  }

  /** Delivers the answer of a host function, or drops it if the thread has ended. */
  #hostAnswer(tid: number, call: number, bytes: Uint8Array): void {
    if (!this.#pointer) return;
    const kernel = this.#kernel;
    const block = toPointer(kernel.call.c_alloc(bytes.length));
    if (block) kernel.bytes(block, bytes.length).set(bytes);
    if (!kernel.call.c_host_answer(this.#pointer, tid, call, block)) kernel.call.c_free(block);
  }

  hostCall(message: HostCallMessage): void {
    this.announce();
    this.#post({ t: 'host-call', id: this.id, message });
  }

  // --- control ---

  #trace(on: boolean, credit: number): void {
    const result = this.#pointer ? this.#kernel.call.c_trace(this.#pointer, Number(on), credit) : 0;
    // The kernel has no trace stream, so only report its end.
    if (credit > 0 && (!this.running || result < 0)) this.outputEnd(TRACE_FD);
  }

  end(reason: number, code: number, message: string): void {
    if (!this.#pointer) return;
    const kernel = this.#kernel;
    const text = new TextEncoder().encode(message);
    kernel.bytes(kernel.data, text.length).set(text);
    kernel.call.c_end(this.#pointer, reason, code, kernel.data, text.length);
  }

  /** Describes the limit that ended it. When the kernel ends it for too much output, there is no message. */
  #brokenLimit({ message }: ExitMessage): Pick<ExitMessage, 'message' | 'limit'> {
    const name = message ? 'cpuTime' : 'output';
    const most = this.#limits[name];
    return { message: message || `it wrote more than ${most} bytes`, limit: { name, most } };
  }

  /** Ends it if it has exceeded its CPU time. Otherwise checks again at the earliest time at which it can: when all threads run from now on. */
  #watchCpuTime(): void {
    const { cpuTime } = this.#limits;
    if (!cpuTime || !this.running) return;
    const left = cpuTime - this.#kernel.call.c_cpu_time(this.#pointer);
    if (left <= 0) {
      this.end(EXIT_REASON_LIMIT, CODE_CPU_TIME, `it used more than ${cpuTime} ms of CPU time`);
      return;
    }
    const wait = Math.min(
      Math.max(left / Math.max((this.describe() - PS_PROCESS_LENGTH) / PS_THREAD_LENGTH, 1), SOON),
      LONGEST_TIMER,
    );
    this.#cpuTimer = setTimeout(() => this.#watchCpuTime(), wait);
  }

  /** Calls `done` when none of its threads runs its code any more, or when it has ended. */
  #pause(done: () => void): void {
    if (this.running && !this.#kernel.call.c_pause(this.#pointer, 1)) this.#pausing.push(done);
    else done();
  }

  #resume(): void {
    if (this.running) this.#kernel.call.c_pause(this.#pointer, 0);
    for (const done of this.#pausing.splice(0)) done();
  }

  /** Called when one of its threads came to rest. */
  cameToRest(): void {
    if (this.running && !this.#kernel.call.c_is_paused(this.#pointer)) return;
    for (const done of this.#pausing.splice(0)) done();
  }

  /** Called when it was ordered to stop. Claims threads that still compute after the grace period, so that their workers are terminated. */
  ending(looks = GRACE_LOOKS): void {
    setTimeout(() => {
      if (!this.running) return;
      if (looks > 1) this.ending(looks - 1);
      else this.#kernel.call.c_claim(this.#pointer);
    }, GRACE_MS / GRACE_LOOKS);
  }

  /** Ends it when it has run for `timeout` milliseconds (0: never). Starting its worker does not count. */
  limitTime(timeout: number): void {
    if (!timeout || !this.running) return;
    const left = timeout - this.#kernel.call.c_run_time(this.#pointer);
    if (left <= 0) this.end(EXIT_REASON_TIMEOUT, CODE_TIMEOUT, `it ran for longer than ${timeout} ms`);
    else this.#timer = setTimeout(() => this.limitTime(timeout), Math.min(left, LONGEST_TIMER));
  }

  /** Writes the numbers of the process and its threads (ps.ts) to the kernel's scratch area, and returns how many those are. */
  describe(): number {
    return this.#kernel.call.c_ps(this.#pointer, this.#kernel.data, PS_ROOM);
  }
}
