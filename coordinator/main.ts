/** The coordinator: the kernel's event loop. It never blocks. It turns messages into kernel calls, and calls from the kernel into messages. */
import { coordinatorPlatform, platform } from '#platform';
import { CODE_KILLED, EXIT_REASON_KILLED, WASM_PAGE } from '../build/generated/layouts.ts';
import { messageOf } from '../common/error-text.ts';
import { toPointer, type Pointer } from '../common/pointer.ts';
import {
  PROTOCOL,
  type EndMessage,
  type FromCoordinator,
  type InitMessage,
  type ToCoordinator,
} from '../common/protocol.ts';
import { LONGEST_TIMER } from '../common/timers.ts';
import { bridgeKind } from '../worker/bridge.ts';
import { commonImports, instantiateKernel } from '../worker/kernel.ts';
import { probeModule } from '../worker/probe.ts';
import { browserImports } from './browser.ts';
import type { Channel } from './channel.ts';
import { ChildWorkers } from './child-workers.ts';
import { answer, doorbellKind, type DoorbellKind } from './doorbell.ts';
import { Kernel } from './kernel.ts';
import { Modules } from './modules.ts';
import { Programs } from './programs.ts';
import { Router } from './router.ts';
import { Workers } from './workers.ts';

/** Whether guests run in this worker (worker/platform-single.ts). tools/build.mjs defines it. */
declare const SINGLE: boolean;

const page = platform.parent<FromCoordinator, ToCoordinator>();
const post = page.post;

class Coordinator {
  readonly #kernel: Kernel;
  /** The words that interruptible programs check (worker/flag.wat): the only memory of the runtime that they can access. */
  readonly #flags = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  readonly workers: Workers;
  /** Processes and connections, by the page's numbers. */
  readonly channels = new Map<number, Channel>();
  readonly programs: Programs;
  readonly router: Router;
  readonly post = post;
  /** Whether any worker has ever started. */
  #proven = false;
  /** Resolves when the first worker has started, which proves that workers can be created. */
  readonly up: Promise<void>;
  #firstIsUp!: () => void;
  readonly #doorbell: DoorbellKind;
  readonly #doorbellAddress: Pointer;
  readonly #shrinking;
  #drainQueued = false;
  /** Once set, no message is posted and nothing starts. */
  closing = false;

  constructor(
    private readonly init: InitMessage,
    private readonly children: ChildWorkers,
    kernelModule: WebAssembly.Module,
    memory: WebAssembly.Memory,
  ) {
    this.up = new Promise((resolve) => (this.#firstIsUp = resolve));
    const { force } = init;
    this.#doorbell = doorbellKind(force.messageDoorbell);
    const common = commonImports(
      memory,
      this.#flags,
      () => this.drainSoon(),
      (message) => this.fatal(`kernel panic: ${message}`),
    );
    const exports = instantiateKernel(kernelModule, memory, {
      ...browserImports(memory, common, this),
      ...(SINGLE && coordinatorPlatform.waits),
    });
    exports._initialize();
    const { kernelBase } = force;
    this.#kernel = new Kernel(exports, memory, init.memory.maximum, kernelBase);
    this.#doorbellAddress = toPointer(
      this.#kernel.call.c_boot(
        coordinatorPlatform.cores,
        Number(this.#doorbell === 'message'),
        init.memory.maximum - kernelBase,
      ),
    );
    if (!this.#doorbellAddress) throw new Error('there is not enough kernel memory to start: raise memory.initial');
    this.workers = this.#makeWorkers(kernelModule, memory);
    // Without workers nobody else could raise a flag while a guest runs.
    const check = !SINGLE && bridgeKind(force.jsBridge) === 'multi-memory' ? 'flag' : 'fuel';
    const modules = new Modules(this.children, init.assets, check, this.workers);
    this.programs = new Programs(init, this.#kernel, this.channels, modules, this.workers, post, this);
    this.router = new Router(init, this.#kernel, this.channels, this.programs, this.#doorbell, post, this);
    if (this.#doorbell === 'wait-async') answer(memory, this.#doorbellAddress, () => this.#drain());
    const { min, max, idle } = init.workers;
    this.#kernel.call.c_pool_init(min, max);
    this.#shrinking = setInterval(() => this.#kernel.call.c_pool_shrink(min, idle), Math.min(idle, LONGEST_TIMER));
    (this.#shrinking as { unref?: () => void }).unref?.();
  }

  #makeWorkers(kernel: WebAssembly.Module, memory: WebAssembly.Memory): Workers {
    const { assets, force } = this.init;
    const boot = {
      kernel,
      probe: new WebAssembly.Module(probeModule()),
      memory,
      flags: this.#flags,
      timeOrigin: performance.timeOrigin,
      jsBridge: force.jsBridge,
      guest: assets.guest,
    };
    return new Workers(this.children, boot, {
      message: (worker, message) => this.router.fromWorker(worker, message),
      error: (worker, error) => this.workerFailed(worker, error),
      dead: (worker) => this.workerDead(worker),
    });
  }

  // --- work queued by the kernel: processes that ended, output to fetch, room for input ---

  /** Returns false when no more work will come. */
  #drain(): boolean {
    if (!this.closing) this.#kernel.call.c_drain(this.#doorbellAddress);
    return !this.closing;
  }

  drainSoon(): void {
    if (this.#drainQueued) return;
    this.#drainQueued = true;
    setTimeout(() => {
      this.#drainQueued = false;
      this.#drain();
    });
  }

  /** A terminated worker's last ring may be lost, and no other worker rings while the queue is not empty, so the coordinator drains it here. */
  mayHaveLostRing(): void {
    if (this.#doorbell === 'message') this.drainSoon();
  }

  // --- workers ---

  workerUp(worker: number): void {
    this.#proven = true;
    this.#firstIsUp();
    this.#kernel.call.c_worker_booted(worker);
  }

  /** Called when a worker threw or did not start. If no worker has ever started, the runtime fails to start; later, only what the worker ran is lost. */
  workerFailed(worker: number, error: Error): void {
    if (this.#proven) {
      this.#kernel.call.c_worker_crashed(worker);
      return;
    }
    this.fatal(
      `a compute worker cannot start from ${this.init.assets.compute}: ${error.message}. Is the file deployed, as JavaScript, with Cross-Origin-Embedder-Policy?`,
    );
  }

  workerDead(worker: number): void {
    this.#kernel.call.c_worker_dead(worker);
  }

  // --- the end ---

  /** Reports a fatal error. The page rejects all open calls with it and has the workers ended. */
  fatal(message: string): void {
    (this.#kernel as Kernel | undefined)?.abandon(); // undefined while the kernel is being created
    post({ t: 'fatal', message });
  }

  /** Stops all programs in an orderly way. `endWorkers` follows. */
  close(): void {
    if (this.closing) return;
    this.closing = true;
    this.router.supervisors?.close();
    // Threads that sleep in the kernel wake and leave it: Chromium takes two seconds to end a sleeping worker.
    for (const session of this.programs.attached())
      session.end(EXIT_REASON_KILLED, CODE_KILLED, 'the runtime is closed');
  }

  /** After this the workers can be ended. */
  stop(): void {
    this.closing = true;
    this.#kernel.abandon();
    clearInterval(this.#shrinking);
  }
}

let children: ChildWorkers | undefined;
let running: Coordinator | null = null;
let ended = false;

async function start(init: InitMessage): Promise<Coordinator> {
  if (init.protocol !== PROTOCOL) {
    throw new Error(
      `the page's script and coordinator.js are from different versions (protocol ${init.protocol} and ${PROTOCOL}): deploy both together`,
    );
  }
  children = new ChildWorkers(init.assets.compute, init.workers.min);
  const [kernel] = await Promise.all([
    coordinatorPlatform.compileKernel(init.assets.kernel),
    platform.holdForLife(init.lock),
  ]);
  if (ended) throw new Error('it was closed before it opened');
  const memory = kernelMemory(init.memory);
  return (running = new Coordinator(init, children, kernel, memory));
}

/** Creates the kernel's memory. Engines reserve the maximum in advance, and WebKit refuses a large one; it is then halved, also in `wanted`. */
function kernelMemory(wanted: InitMessage['memory']): WebAssembly.Memory {
  const pages = (bytes: number) => Math.ceil(bytes / WASM_PAGE);
  for (;;) {
    try {
      return new WebAssembly.Memory({ initial: pages(wanted.initial), maximum: pages(wanted.maximum), shared: true });
    } catch (error) {
      const half = wanted.maximum / 2;
      if (half < wanted.initial)
        throw new Error(`the kernel's memory cannot be allocated: ${messageOf(error)}`, { cause: error });
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
    running?.stop();
    void endWorkers();
  }
}

/** Ends the workers, so that the page can then terminate this one. */
async function endWorkers(): Promise<void> {
  post({ t: 'closed', locks: (await children?.end()) ?? [] });
}

page.onmessage = (message) => {
  switch (message.t) {
    case 'init':
      coordinator = start(message);
      coordinator
        .then(({ up }) => up)
        .then(
          () => post({ t: 'ready', protocol: PROTOCOL }),
          (error: unknown) => post({ t: 'fatal', message: messageOf(error) }),
        );
      break;
    case 'close':
    case 'end-workers':
      end(message);
      break;
    default:
      void coordinator!.then(
        ({ router }) => router.fromPage(message),
        () => undefined,
      );
  }
};
