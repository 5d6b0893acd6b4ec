/** The coordinator: the kernel's event loop. It never blocks; it turns messages into calls of the kernel, and the kernel's calls into messages. */
import { host } from '#host';
import { ERRNO, EXIT_REASON } from '../build/generated/abi.ts';
import {
  CODE_KILLED,
  FS_USAGE_BLOCKS,
  FS_USAGE_BYTES,
  FS_USAGE_LENGTH,
  FS_USAGE_NODES,
  FS_USAGE_USED,
  SPAWN_ERROR_ERROR,
  SPAWN_ERROR_LENGTH,
  SPAWN_ERROR_PREOPEN,
  SPAWN_ERROR_SOCKET,
  WORKER_IDLE,
  WORKER_RUNNING,
  WORKER_STARTING,
  WORKER_ZOMBIE,
  type FsUsage,
  type SpawnError,
} from '../build/generated/layouts.ts';
import type { KernelImports } from '../build/generated/exports.ts';
import { BadDownload } from '../common/download.ts';
import type { MemoryType } from '../common/memory-import.ts';
import { toPointer, type Pointer } from '../common/pointer.ts';
import { PROTOCOL } from '../common/protocol.ts';
import type {
  EndMessage,
  ErrorMessage,
  ExitReason as Reason,
  FromCoordinator,
  FsRequest,
  FsResult,
  InitMessage,
  RefusalMessage,
  SpawnMessage,
  StatsMessage,
  StreamFd,
  ToCoordinator,
} from '../common/protocol.ts';
import type { FromCompute } from '../common/worker-protocol.ts';
import { bridgeKind } from '../worker/bridge.ts';
import { commonImports, copyAt, instantiateKernel, textAt } from '../worker/kernel.ts';
import { probeModule } from '../worker/probe.ts';
import { handleGone, type Channel, type ChannelMessage } from './channel.ts';
import { ChildWorkers } from './child-workers.ts';
import { Connections, socketError } from './connections.ts';
import { answer, doorbellKind, type DoorbellKind } from './doorbell.ts';
import type * as FilesPart from './files.ts';
import { Kernel, SystemError } from './kernel.ts';
import { Modules, Refusal, type Program } from './modules.ts';
import { Queue } from './queue.ts';
import { LONGEST_TIMER, Session } from './session.ts';
import { encodeSpawn, listeningPorts } from './spawn.ts';
import { left } from '../common/parts.ts';
import type * as Supervise from './supervise.ts';
import { Workers } from './workers.ts';

const page = host.parent<FromCoordinator, ToCoordinator>();
const post = page.post;

/** Messages to a runtime that has started. */
type Order = Exclude<ToCoordinator, InitMessage | EndMessage>;

/** An import() that bundlers leave alone; tools/build.mjs defines it. */
declare function importUrl(url: string): Promise<unknown>;

type Answer = Extract<FromCoordinator, { t: 'done' }>['value'];

type SuperviseMessage = Extract<ToCoordinator, { t: 'supervise' }>;

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A part of the coordinator that is fetched when it is needed first. */
async function load<T>(url: string): Promise<T> {
  try {
    await importUrl(url);
    return left<T>();
  } catch (error) {
    throw new Error(`${url} cannot be loaded: ${describe(error)}. Is the file deployed?`, { cause: error });
  }
}

const reasons = new Map<number, Reason>(
  Object.entries(EXIT_REASON).map(([name, value]) => [value, name.toLowerCase() as Reason]),
);

class Coordinator {
  private readonly kernel: Kernel;
  /** What interruptible programs look at (worker/flag.wat): the only memory of ours that they can name. */
  private readonly flags = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  /** There from the first call on. */
  private files: FilesPart.Files | null = null;
  private loadingFiles: Promise<FilesPart.Files> | null = null;
  /** There are some once the first was asked for. */
  private supervisors: Supervise.Supervisors | null = null;
  private readonly children = new ChildWorkers();
  private readonly modules: Modules;
  private readonly workers: Workers;
  private readonly sessions = new Map<number, Session>();
  private readonly connections: Connections;
  /** Processes whose modules are still being loaded: the messages for each, and what gives it up. */
  private readonly pending = new Map<number, { held: ToCoordinator[]; killed: AbortController }>();
  /** Whether a worker has ever come up. */
  private proven = false;
  /** When the first worker is up: not before is it known that there can be any. */
  readonly up: Promise<void>;
  private firstIsUp!: () => void;
  private readonly doorbell: DoorbellKind;
  private readonly doorbellAddress: Pointer;
  private readonly shrinking;
  private drainQueued = false;
  /** Nothing is posted any more, and nothing starts. */
  private closing = false;

  constructor(
    private readonly init: InitMessage,
    kernelModule: WebAssembly.Module,
    memory: WebAssembly.Memory,
  ) {
    this.up = new Promise((resolve) => (this.firstIsUp = resolve));
    this.doorbell = doorbellKind(init.force.messageDoorbell);
    const exports = instantiateKernel(kernelModule, memory, this.imports(memory));
    exports._initialize();
    const { kernelBase } = init.force;
    this.kernel = new Kernel(exports, memory, init.memory.maximum, kernelBase);
    this.connections = new Connections(this.kernel, post);
    const check = bridgeKind(init.force.jsBridge) === 'multi-memory' ? 'flag' : 'fuel';
    this.modules = new Modules(this.children, init.assets, check);
    this.doorbellAddress = toPointer(
      this.kernel.call.c_boot(host.cores, Number(this.doorbell === 'message'), init.memory.maximum - kernelBase),
    );
    if (!this.doorbellAddress) throw new Error('there is not enough kernel memory to start: raise memory.initial');
    const probe = new WebAssembly.Module(probeModule());
    const boot = {
      kernel: kernelModule,
      probe,
      memory,
      flags: this.flags,
      timeOrigin: performance.timeOrigin,
      jsBridge: init.force.jsBridge,
      guest: init.assets.guest,
    };
    this.workers = new Workers(this.children, init.assets.compute, boot, {
      message: (worker, message) => this.fromWorker(worker, message),
      error: (worker, error) => this.workerFailed(worker, error),
      dead: (worker) => {
        this.kernel.call.c_worker_dead(worker);
        this.letGo(worker);
      },
    });
    if (this.doorbell === 'wait-async') answer(memory, this.doorbellAddress, () => this.drain());
    const { min, max, idle } = init.workers;
    this.kernel.call.c_pool_init(min, max);
    this.shrinking = setInterval(() => this.kernel.call.c_pool_shrink(min, idle), Math.min(idle, LONGEST_TIMER));
    (this.shrinking as { unref?: () => void }).unref?.();
  }

  /** The kernel's work for us: processes that ended, output to fetch, room for input. False when there is no more to come. */
  private drain(): boolean {
    if (!this.closing) this.kernel.call.c_drain(this.doorbellAddress);
    return !this.closing;
  }

  private drainSoon(): void {
    if (this.drainQueued) return;
    this.drainQueued = true;
    setTimeout(() => {
      this.drainQueued = false;
      this.drain();
    });
  }

  private imports(memory: WebAssembly.Memory): Omit<KernelImports, 'now' | 'date'> {
    return {
      ...commonImports(
        memory,
        this.flags,
        () => this.drainSoon(),
        (message) => fatal(`kernel panic: ${message}`),
      ),
      worker_create: (worker, stackTop, tls, thread) => {
        if (this.closing) return;
        try {
          this.workers.create(worker, toPointer(stackTop), toPointer(tls), toPointer(thread));
        } catch (error) {
          // Not through the kernel, which is in the middle of a call.
          setTimeout(() => {
            this.workerFailed(worker, new Error(describe(error)));
            this.kernel.call.c_worker_dead(worker);
            this.letGo(worker);
          });
        }
      },
      worker_run: (worker, id, tid, argument) => {
        this.busy.set(worker, id);
        this.standing.set(worker, id);
        this.run(worker, this.sessions.get(id)!, tid, argument, false);
      },
      worker_collect: (worker) => this.workers.post(worker, { t: 'collect' }),
      worker_terminate: (worker) => {
        this.workers.terminate(worker);
        this.free(worker);
        // A ring that it had posted may be lost with it, and later ones are not sent, because the queue is not empty.
        if (this.doorbell === 'message') this.drainSoon();
      },
      output: (id, fd, pointer, size) =>
        this.channel(id)?.output(fd as StreamFd, copyAt(memory, toPointer(pointer), size)),
      output_end: (id, fd) => this.channel(id)?.outputEnd(fd as StreamFd, 0),
      stdin_ready: (id) => this.channel(id)?.pumpInput(),
      connection: (id, result) => this.connections.asked(id, result),
      output_failed: (id, fd, result) => this.channel(id)?.outputEnd(fd as StreamFd, result),
      input_gone: (id) => this.connections.get(id)?.inputGone(),
      connection_over: (id) => this.connections.over(id),
      exited: (session, reason, code, message, messageSize, stack, stackSize) => {
        this.sessions.get(session)?.died();
        if (reason === EXIT_REASON.NONE) return; // never started: the worker's message says why
        const exit = {
          reason: reasons.get(reason)!,
          code: code >>> 0,
          message: textAt(memory, toPointer(message), messageSize),
          stack: textAt(memory, toPointer(stack), stackSize),
        };
        this.sessions.get(session)?.exited(exit);
        this.supervisors?.processEnded(session, reason, exit.code);
        this.exitTold.add(session);
        this.releaseIfFree(session);
      },
      signal: (session, number) => this.sessions.get(session)?.signal(number),
      held: (session) => this.sessions.get(session)?.cameToRest(),
      ending: (session) => this.sessions.get(session)?.ending(),
      session_over: (session) => this.sessionOver(session),
    };
  }

  /** Its object stays until the worker's word of how it started has come, which may be later. */
  private sessionOver(id: number): void {
    const session = this.sessions.get(id);
    session?.over();
    setTimeout(() => {
      if (session && !session.starting) this.sessions.delete(id);
    });
  }

  /** What each worker was last given to run, until it says that it is idle. */
  private readonly busy = new Map<number, number>();
  private readonly awaitingWorker = new Set<() => void>();
  private readonly queue = new Queue();
  /** What each worker ran last, until it idles or is truly dead: until then that process may still use its core. */
  private readonly standing = new Map<number, number>();
  /** Processes that have ended and are not yet released. */
  private readonly exitTold = new Set<number>();

  private letGo(worker: number): void {
    const id = this.standing.get(worker);
    this.standing.delete(worker);
    if (id !== undefined) this.releaseIfFree(id);
  }

  private releaseIfFree(id: number): void {
    if (!this.exitTold.has(id) || [...this.standing.values()].includes(id)) return;
    this.exitTold.delete(id);
    post({ t: 'released', id });
  }

  private free(worker: number): void {
    this.busy.delete(worker);
    for (const goOn of [...this.awaitingWorker]) goOn();
  }

  /** Whether a worker is about to be free: its process has ended, and its word of that is under way. */
  private oneIsLeaving(): boolean {
    return [...this.busy.values()].some((id) => !this.sessions.get(id)?.running);
  }

  private fromWorker(worker: number, message: FromCompute): void {
    switch (message.t) {
      case 'booted':
        this.proven = true;
        this.firstIsUp();
        this.kernel.call.c_worker_booted(worker);
        break;
      case 'idle':
        this.kernel.call.c_worker_idle(worker);
        this.letGo(worker);
        this.free(worker);
        break;
      case 'started':
        this.started(message.session)?.announce();
        break;
      case 'refused':
        this.started(message.session)?.refuse(message.kind, message.message);
        break;
      case 'no-memory':
        void this.runAgain(worker, message.session);
        break;
      case 'host-call':
        this.sessions.get(message.session)?.hostCall(message.message);
        break;
      case 'ring':
        this.drainSoon();
        break;
      case 'unusable':
        this.workerFailed(worker, new Error(message.message));
        break;
      case 'fatal':
        fatal(message.message);
        break;
    }
  }

  private run(worker: number, session: Session, tid: number, argument: number, last: boolean): void {
    const { id, program, memory } = session;
    const { module, added, head } = program;
    const guest = session.takeGuest();
    this.workers.post(
      worker,
      { t: 'run', session: id, module, memory, tid, argument, last, added, guest, head: guest && head },
      guest?.port ? [guest.port] : [],
    );
  }

  private async runAgain(worker: number, id: number): Promise<void> {
    const room = await this.makeRoom();
    const session = this.sessions.get(id);
    // Not when it was killed meanwhile: its worker is gone, or at other work.
    if (session?.running && this.busy.get(worker) === id) this.run(worker, session, 0, 0, !room);
  }

  /** The engine has a limit on the memories of all its workers together. False: there is nothing more to be had. */
  private makeRoom(): Promise<boolean> {
    // What is about to end has memories too.
    const retire = async () =>
      (await this.workers.terminateAndWait(() => this.kernel.call.c_pool_retire() > 0)) || this.workers.nextDeath();
    return (this.makingRoom ??= retire().finally(() => (this.makingRoom = null)));
  }

  private makingRoom: Promise<boolean> | null = null;

  private started(id: number): Session | undefined {
    const session = this.sessions.get(id);
    if (session) session.starting = false;
    if (session && !session.attached) this.sessions.delete(id);
    return session;
  }

  /** It threw, or did not come up. While none ever did the runtime is not to be had; later it costs what that one ran. */
  private workerFailed(worker: number, error: Error): void {
    if (this.proven) {
      this.kernel.call.c_worker_crashed(worker);
      return;
    }
    fatal(
      `a compute worker cannot start from ${this.init.assets.compute}: ${error.message}. Is the file deployed, as JavaScript, with Cross-Origin-Embedder-Policy?`,
    );
  }

  // --- the page ---

  handle(message: Order): void {
    if (this.closing) return;
    switch (message.t) {
      case 'spawn':
        this.pending.set(message.id, { held: [], killed: new AbortController() });
        void this.spawn(message);
        break;
      case 'fs':
        this.answer(message.call, () => this.callFiles(message.request));
        break;
      case 'stats':
        this.answer(message.call, () => this.stats());
        break;
      case 'ps':
        this.answer(message.call, () =>
          this.attached().flatMap((session) =>
            session.running ? [{ ...session.ps(), parent: this.supervisors?.parentOf(session.id) ?? null }] : [],
          ),
        );
        break;
      case 'connect':
        this.connections.connect(message.id, message.port, message.credit);
        break;
      case 'accept':
        this.connections.accept(message.id, message.listener, message.credit);
        break;
      case 'listen':
        this.answer(message.call, () => this.connections.listen(message.listener, message.port));
        break;
      case 'listen-end':
        this.connections.listenEnd(message.listener);
        break;
      case 'supervise':
        void this.supervise(message);
        break;
      case 'sup-add':
      case 'sup-order':
        this.answer(message.call, () => this.supervisors!.order(message));
        break;
      case 'sup-started':
      case 'sup-ended':
        this.supervisors?.told(message);
        break;
      default:
        this.forChannel(message);
    }
  }

  private callFiles(request: FsRequest): FsResult | Promise<FsResult> {
    if (this.files) return this.files.handle(request);
    this.loadingFiles ??= load<typeof FilesPart>(this.init.assets.files).then(
      ({ Files }) => (this.files = new Files(this.kernel)),
    );
    // The first call and those behind it, in their order.
    return this.loadingFiles.then(
      (files) => files.handle(request),
      (error: unknown) => {
        this.loadingFiles = null; // the next call tries again
        throw error;
      },
    );
  }

  private async supervise(message: SuperviseMessage): Promise<void> {
    const file = await load<typeof Supervise>(this.init.assets.supervise).then(
      (exports) => () => exports,
      (error: unknown) => () => {
        throw error;
      },
    );
    if (this.closing) return;
    this.answer(message.call, () => (this.supervisors ??= this.makeSupervisors(file())).order(message));
  }

  private makeSupervisors({ Supervisors }: typeof Supervise): Supervise.Supervisors {
    const processes = {
      runs: (process: number) => this.sessions.get(process)?.running === true,
      ask: (process: number) => this.sessions.get(process)?.endInput(),
      kill: (process: number) =>
        this.sessions.get(process)?.end(EXIT_REASON.KILLED, CODE_KILLED, 'killed by its supervisor'),
    };
    return new Supervisors(post, processes, (errno, what) => new SystemError(errno, what));
  }

  private forChannel(message: ChannelMessage): void {
    const loading = this.pending.get(message.id);
    if (loading) {
      loading.held.push(message);
      if (message.t === 'kill') loading.killed.abort(new Refusal('closed', 'it was killed before it ran'));
      return;
    }
    const channel = this.channel(message.id);
    if (channel) channel.handle(message);
    else handleGone(message, post);
  }

  private channel(id: number): Channel | undefined {
    return this.sessions.get(id) ?? this.connections.get(id);
  }

  private answer(call: number, work: () => Answer | Promise<Answer>): void {
    const done = (value: Answer): void =>
      post({ t: 'done', call, value }, value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []);
    const failed = (error: unknown): void => {
      const failure: ErrorMessage =
        error instanceof SystemError
          ? { code: error.code, errno: error.errno, message: error.message }
          : { code: '', message: describe(error) };
      post({ t: 'failed', call, error: failure });
    };
    /** Once it closes the kernel does nothing any more, and what that gives is no answer: the page rejects the call. */
    const unlessClosing =
      <T>(tell: (outcome: T) => void) =>
      (outcome: T) => {
        if (!this.closing) tell(outcome);
      };
    try {
      const value = work();
      if (value instanceof Promise) value.then(unlessClosing(done), unlessClosing(failed));
      else done(value);
    } catch (error) {
      failed(error);
    }
  }

  private async spawn(message: SpawnMessage): Promise<void> {
    const { id } = message;
    const { held, killed } = this.pending.get(id)!;
    const { signal } = killed;
    const onKill = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Refusal)),
    );
    try {
      await Promise.race([this.begin(message, signal), onKill]);
    } catch (error) {
      this.sessions.delete(id);
      if (!this.closing) post({ t: 'refused', id, refusal: refusal(error) }); // or else the page itself says why
    } finally {
      this.pending.delete(id);
      for (const late of held) this.handle(late as Order);
    }
  }

  /** Does nothing more once it was killed, or the runtime closes. */
  private async begin(message: SpawnMessage, killed: AbortSignal): Promise<void> {
    const { id } = message;
    const progress = message.progress
      ? (phase: 'download' | 'compile', loaded: number, total: number) =>
          post({ t: 'progress', id, phase, loaded, total })
      : null;
    const wishes = { interruptible: message.interruptible, memory: message.limits.memory, gc: message.limits.gc };
    const program = await this.modules.get(message.source, progress, wishes, killed, message.guest);
    killed.throwIfAborted();
    if (!message.waits) return this.beginNow(message, program, killed);
    await this.queue.turn(killed);
    try {
      await this.until(() => this.mayTakeWorker(), killed);
      killed.throwIfAborted();
      await this.beginNow(message, program, killed);
    } finally {
      this.queue.next();
    }
  }

  private async beginNow(message: SpawnMessage, program: Program, killed: AbortSignal): Promise<void> {
    if (message.progress) post({ t: 'progress', id: message.id, phase: 'start', loaded: 1, total: 1 });
    const memory = program.memory?.shared ? await this.makeMemory(program.memory) : program.memory;
    await this.until(() => this.start(message, program, memory), killed);
  }

  /** Tries again whenever a worker is free, until it does, or it was killed. */
  private async until(tried: () => boolean, killed: AbortSignal): Promise<void> {
    while (!this.closing && !killed.aborted && !tried()) {
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          this.awaitingWorker.delete(goOn);
          killed.removeEventListener('abort', goOn);
          resolve();
        };
        this.awaitingWorker.add(goOn);
        killed.addEventListener('abort', goOn);
      });
    }
  }

  private countWorkers() {
    const count = (state: number): number => this.kernel.call.c_pool_count(state);
    return {
      starting: count(WORKER_STARTING),
      idle: count(WORKER_IDLE),
      running: count(WORKER_RUNNING),
      zombies: count(WORKER_ZOMBIE),
    };
  }

  private mayTakeWorker(): boolean {
    const { starting, idle, running } = this.countWorkers();
    return starting + idle > 0 || running < this.init.workers.max;
  }

  /** The memory that a guest's threads share. */
  private async makeMemory(type: MemoryType): Promise<WebAssembly.Memory> {
    if (type.maximum === 0 && host.emptyMemoryIsFatal)
      throw new Refusal('limit', 'the module imports a shared memory without pages, of which this engine would die');
    for (let last = false; ; last = !(await this.makeRoom())) {
      try {
        return new WebAssembly.Memory(type);
      } catch (error) {
        if (!last) continue;
        const size = `${type.initial} pages, at most ${type.maximum ?? 65536}`;
        throw new Refusal(
          'limit',
          `the memory that the module imports (${size}) cannot be allocated: ${describe(error)}`,
        );
      }
    }
  }

  /** False when a worker will be free in a moment, or is waited for. */
  private start(message: SpawnMessage, program: Program, memory: WebAssembly.Memory | MemoryType | null): boolean {
    const session = new Session(
      message.id,
      message.name,
      program,
      memory,
      message.guest,
      message.limits,
      message.terminal !== null,
      message.terminal?.signals === true,
      this.kernel,
      post,
    );
    this.sessions.set(message.id, session);
    let ports: number[] = [];
    const pointer = this.kernel.withBlock(encodeSpawn(message, program.added !== null), (block) => {
      const made = toPointer(this.kernel.call.c_spawn(block, this.kernel.data));
      ports = listeningPorts(message, this.kernel, block);
      return made;
    });
    if (!pointer) {
      const error = this.kernel.words<SpawnError>(this.kernel.data, SPAWN_ERROR_LENGTH);
      const result = error[SPAWN_ERROR_ERROR];
      const socket = error[SPAWN_ERROR_SOCKET];
      if (result === -ERRNO.EAGAIN && socket < 0 && (message.waits || this.oneIsLeaving())) return false;
      throw spawnError(message, this.init, result, error[SPAWN_ERROR_PREOPEN], socket);
    }
    session.attach(pointer, ports);
    if (message.terminal) session.setRaw(message.terminal.raw, message.terminal.onlcr);
    if (message.terminal?.echo === false) session.setEcho(false);
    session.limitTime(message.timeout);
    return true;
  }

  private attached(): Session[] {
    return [...this.sessions.values()].filter((session) => session.attached);
  }

  private stats(): StatsMessage {
    const { kernel } = this;
    const workers = this.countWorkers();
    const processes = this.attached().map((session) => session.stats());
    kernel.call.c_fs_usage(kernel.data);
    const usage = kernel.numbers<FsUsage>(kernel.data, FS_USAGE_LENGTH);
    return {
      workers: { total: workers.idle + workers.starting + workers.running, ...workers },
      processes,
      kernel: {
        bytes: usage[FS_USAGE_USED],
        blocks: usage[FS_USAGE_BLOCKS],
        memory: kernel.memory.buffer.byteLength,
      },
      files: { bytes: usage[FS_USAGE_BYTES], nodes: usage[FS_USAGE_NODES] },
      sockets: this.connections.stats(),
      bridge: bridgeKind(this.init.force.jsBridge),
      doorbell: this.doorbell,
    };
  }

  /** In good order, for `endWorkers` to follow. */
  close(): void {
    if (this.closing) return;
    this.closing = true;
    this.supervisors?.close();
    // Who sleeps in the kernel wakes and leaves: Chromium takes two seconds to end a worker in its sleep.
    for (const session of this.sessions.values()) session.end(EXIT_REASON.KILLED, CODE_KILLED, 'the runtime is closed');
  }

  abandonKernel(): void {
    this.kernel.abandon();
  }

  /** Makes ready for the end, which is the page's to bring about: it terminates this worker. */
  async endWorkers(): Promise<void> {
    this.closing = true;
    this.kernel.abandon();
    clearInterval(this.shrinking);
    await this.children.end();
    post({ t: 'closed', locks: this.children.locks() });
  }
}

const LIMITS: ReadonlySet<string> = new Set(['EAGAIN', 'ENOMEM', 'ENOBUFS', 'EMFILE']);

function refusal(error: unknown): RefusalMessage {
  if (error instanceof Refusal || error instanceof BadDownload) {
    const { kind, message, faults } = error;
    return { kind, message, faults };
  }
  if (error instanceof SystemError)
    return { kind: LIMITS.has(error.code) ? 'limit' : 'options', message: error.message };
  return { kind: 'module', message: describe(error) };
}

function spawnError(
  message: SpawnMessage,
  init: InitMessage,
  result: number,
  preopen: number,
  socket: number,
): SystemError {
  const { listens, port } = message.sockets[socket] ?? {};
  if (port !== undefined) {
    const full = !listens && result === -ERRNO.EAGAIN;
    return full ? new SystemError(-result, `the backlog of port ${port} is full`) : socketError(-result, port);
  }
  const culprit = message.preopens[preopen];
  if (culprit)
    return new SystemError(
      -result,
      `cannot preopen ${culprit.path} as ${culprit.guest}: it is not a directory of hf.fs`,
    );
  const full = new SystemError(
    -result,
    `all ${init.workers.max} workers are busy: wait for a process to end, say whenBusy: 'wait', or raise workers.max in start()`,
  );
  return full.code === 'EAGAIN' ? full : new SystemError(-result, 'the process could not be made');
}

let running: Coordinator | null = null;
let ended = false;

/** The page rejects all that is open with this, and has the workers ended. */
function fatal(message: string): void {
  running?.abandonKernel();
  post({ t: 'fatal', message });
}

async function start(init: InitMessage): Promise<Coordinator> {
  if (init.protocol !== PROTOCOL) {
    throw new Error(
      `the page's script and coordinator.js are of different versions (protocol ${init.protocol} and ${PROTOCOL}): deploy both together`,
    );
  }
  const [kernel] = await Promise.all([host.compileKernel(init.assets.kernel), host.holdForLife(init.lock)]);
  if (ended) throw new Error('it was closed before it was there');
  const memory = kernelMemory(init.memory);
  return (running = new Coordinator(init, kernel, memory));
}

/** The kernel's memory. Engines reserve the maximum ahead, and WebKit refuses much of it: then it is halved, and noted in `wanted`. */
function kernelMemory(wanted: InitMessage['memory']): WebAssembly.Memory {
  const pages = (bytes: number) => Math.ceil(bytes / 65536);
  for (;;) {
    try {
      return new WebAssembly.Memory({ initial: pages(wanted.initial), maximum: pages(wanted.maximum), shared: true });
    } catch (error) {
      const half = wanted.maximum / 2;
      if (half < wanted.initial)
        throw new Error(`the kernel's memory cannot be allocated: ${describe(error)}`, { cause: error });
      wanted.maximum = half;
    }
  }
}

let coordinator: Promise<Coordinator> | null = null;

function end({ t }: EndMessage): void {
  ended = true;
  try {
    if (t === 'close') running?.close();
  } finally {
    if (running) void running.endWorkers();
    else post({ t: 'closed', locks: [] });
  }
}

page.onmessage = (message) => {
  switch (message.t) {
    case 'init':
      coordinator = start(message);
      coordinator
        .then(({ up }) => up)
        .then(
          () => post({ t: 'ready', protocol: PROTOCOL }),
          (error: unknown) => fatal(describe(error)),
        );
      break;
    case 'close':
    case 'end-workers':
      end(message);
      break;
    default:
      void coordinator!.then(
        (there) => there.handle(message),
        () => undefined,
      );
  }
};
