/** A process as a conversation with the page; its other half is session.c. */
import type { ExitMessage, FromCoordinator, OutputFd } from '../web/protocol.ts';
import type { MemoryType } from '../worker/memory-import.ts';
import type { Kernel } from './kernel.ts';

type Post = (message: FromCoordinator, transfer?: Transferable[]) => void;

const EPIPE = { code: 'EPIPE', message: 'EPIPE: the program no longer reads its standard input' };
/** What is copied into the pipe at once. */
const SLICE = 65536;

export class Session {
  /** The kernel's session; 0 once it is over. */
  private pointer = 0;
  private pid = 0;
  /** Whether the page knows that it runs. Output and the end are held back until then. */
  private announced = false;
  /** Its process is dead, although its streams may go on. */
  private dead = false;
  private held: (() => void)[] = [];
  private readonly input: { bytes: Uint8Array; done: number }[] = [];
  private inputEnded = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: number,
    readonly name: string,
    readonly module: WebAssembly.Module,
    /** When the module imports its memory: what its threads share, or what its worker makes for it alone. */
    readonly memory: WebAssembly.Memory | MemoryType | null,
    private readonly kernel: Kernel,
    private readonly post: Post,
  ) {}

  /** The kernel knows it from now on. */
  attach(pointer: number): void {
    this.pointer = pointer;
    this.pid = this.kernel.call('c_pid', pointer);
    this.pumpInput();
  }

  get attached(): boolean {
    return this.pointer !== 0;
  }

  /** Whether its threads may still be at work. */
  get running(): boolean {
    return this.attached && !this.dead;
  }

  buried(): void {
    this.dead = true;
  }

  // --- what the page is told, in order: that it runs; bytes; the ends ---

  announce(): void {
    if (this.announced) return;
    this.announced = true;
    this.post({ t: 'spawned', id: this.id, pid: this.pid });
    for (const tell of this.held.splice(0)) tell();
  }

  private tell(message: FromCoordinator): void {
    if (this.announced) this.post(message);
    else this.held.push(() => this.post(message));
  }

  refuse(kind: 'module' | 'limit', message: string): void {
    clearTimeout(this.timer);
    this.held = [];
    const why = kind === 'limit' ? `the engine has no memory for one more program: ${message}` : message;
    this.post({ t: 'refused', id: this.id, refusal: { kind, message: why } });
  }

  output(fd: OutputFd, bytes: Uint8Array<ArrayBuffer>): void {
    this.announce(); // bytes prove that it runs
    this.post({ t: 'output', id: this.id, fd, bytes }, [bytes.buffer]);
  }

  outputEnd(fd: OutputFd): void {
    this.tell({ t: 'end', id: this.id, fd });
  }

  /** What has ended has run: no need to wait for the worker's word, which may be lost with the worker. */
  exited(exit: ExitMessage): void {
    clearTimeout(this.timer);
    this.announce();
    this.post({ t: 'exited', id: this.id, exit });
  }

  /** The kernel has forgotten it. */
  over(): void {
    this.pointer = 0;
    this.failInput();
  }

  // --- input ---

  write(bytes: Uint8Array): void {
    this.input.push({ bytes, done: 0 });
    this.pumpInput();
  }

  endInput(): void {
    this.inputEnded = true;
    this.pumpInput();
  }

  /** Fills the pipe as far as it goes; the kernel calls again when there is room. */
  pumpInput(): void {
    while (this.pointer && this.input.length > 0) {
      const { kernel } = this;
      const head = this.input[0]!;
      const part = head.bytes.subarray(head.done, head.done + SLICE);
      kernel.bytes(kernel.data, part.length).set(part);
      const taken = kernel.call('c_feed', this.pointer, kernel.data, part.length);
      if (taken < 0) return this.failInput();
      head.done += taken;
      if (head.done === head.bytes.length) {
        this.input.shift();
        this.post({ t: 'stdin-done', id: this.id, error: null });
      } else if (taken < part.length) {
        return;
      }
    }
    if (this.pointer && this.inputEnded && this.input.length === 0) this.kernel.call('c_feed_end', this.pointer);
  }

  private failInput(): void {
    for (const _ of this.input.splice(0)) this.post({ t: 'stdin-done', id: this.id, error: EPIPE });
  }

  // --- control ---

  credit(fd: OutputFd, bytes: number): void {
    if (this.pointer) this.kernel.call('c_credit', this.pointer, fd, bytes);
  }

  cancel(fd: OutputFd): void {
    if (this.pointer) this.kernel.call('c_cancel', this.pointer, fd);
  }

  end(reason: number, code: number, message: string): void {
    if (!this.pointer) return;
    const { kernel } = this;
    const text = new TextEncoder().encode(message);
    kernel.bytes(kernel.data, text.length).set(text);
    kernel.call('c_end', this.pointer, reason, code, kernel.data, text.length);
  }

  after(milliseconds: number, act: () => void): void {
    if (milliseconds > 0) this.timer = setTimeout(act, milliseconds);
  }

  stats() {
    const { kernel } = this;
    kernel.call('c_session_stats', this.pointer, kernel.data);
    const [syscalls, parks, wakeups, asleep] = kernel.numbers(kernel.data, 4) as [number, number, number, number];
    return { id: this.id, name: this.name, syscalls, parks, wakeups, state: asleep ? 'asleep' : 'running' };
  }
}
