/** Loads and starts programs, and assigns them to workers: from the page's `spawn` to `released`. */
import { coordinatorPlatform } from '#platform';
import {
  ERRNO_EAGAIN,
  ERRNO_ENOBUFS,
  LINE_MAX,
  SPAWN_ERROR_ERROR,
  SPAWN_ERROR_LENGTH,
  SPAWN_ERROR_PREOPEN,
  SPAWN_ERROR_SOCKET,
  type SpawnError,
  WASM_PAGES_MAX,
} from '../build/generated/layouts.ts';
import { messageOf } from '../common/error-text.ts';
import type { MemoryType } from '../common/module-bytes.ts';
import { left } from '../common/parts.ts';
import { NULL, toPointer, type Pointer } from '../common/pointer.ts';
import type { InitMessage, RefusalMessage, SpawnMessage, StreamMode } from '../common/protocol.ts';
import type * as GuestPart from '../worker/guest.ts';
import { handleGone, type Channel, type Post } from './channel.ts';
import { SystemError, type Kernel } from './kernel.ts';
import { Refusal, type Modules } from './modules.ts';
import { Session } from './session.ts';
import { encodeSpawn, listeningPorts } from './spawn.ts';
import type { Workers } from './workers.ts';

/** What a stream is connected to: a pipe between programs, the number of a child's stream, or NULL. */
const pipeOf = (mode: StreamMode | 'stdout'): Pointer => (typeof mode === 'number' ? mode : NULL) as Pointer;

export class Programs {
  #makingRoom: Promise<boolean> | null = null;

  readonly #init: InitMessage;
  readonly #kernel: Kernel;
  readonly #channels: Map<number, Channel>;
  readonly #modules: Modules;
  readonly #workers: Workers;
  readonly #post: Post;
  readonly #life: { readonly closing: boolean };

  constructor(
    init: InitMessage,
    kernel: Kernel,
    channels: Map<number, Channel>,
    modules: Modules,
    workers: Workers,
    post: Post,
    /** While `closing`, nothing is posted and nothing starts. */
    life: { readonly closing: boolean },
  ) {
    this.#init = init;
    this.#kernel = kernel;
    this.#channels = channels;
    this.#modules = modules;
    this.#workers = workers;
    this.#post = post;
    this.#life = life;
  }

  session(id: number): Session | undefined {
    const channel = this.#channels.get(id);
    return channel instanceof Session ? channel : undefined;
  }

  /** The sessions that exist in the kernel. */
  attached(): Session[] {
    return [...this.#channels.values()].filter(
      (channel) => channel instanceof Session && channel.attached,
    ) as Session[];
  }

  // --- loading and starting ---

  spawn(message: SpawnMessage): void {
    const session = new Session(message, this.#kernel, this.#post);
    this.#channels.set(session.id, session);
    void this.#launch(message, session);
  }

  async #launch(message: SpawnMessage, session: Session): Promise<void> {
    const { id } = session;
    const killed = session.killed.signal;
    const onKill = new Promise<never>((_, reject) =>
      killed.addEventListener('abort', () => reject(killed.reason as Refusal)),
    );
    try {
      await Promise.race([this.#begin(message, session, killed), onKill]);
    } catch (error) {
      this.#channels.delete(id);
      if (this.#life.closing) return; // the page rejects its own promises
      this.#post({ t: 'refused', id, refusal: refusal(error) });
    } finally {
      this.#kernel.call.c_leave_line(id);
    }
    if (this.#life.closing) return;
    for (const early of session.takeEarly()) {
      if (session.attached) session.handle(early);
      else handleGone(early, this.#post);
    }
  }

  /** Loads and starts the program. Stops when the program is killed or the runtime closes. */
  async #begin(message: SpawnMessage, session: Session, killed: AbortSignal): Promise<void> {
    const { id } = message;
    const progress = message.progress
      ? (phase: 'download' | 'compile', loaded: number, total: number) =>
          this.#post({ t: 'progress', id, phase, loaded, total })
      : null;
    const wishes = { interruptible: message.interruptible, memory: message.limits.memory, gc: message.limits.gc };
    const program = await this.#modules.get(message.source, progress, wishes, killed, message.guest);
    killed.throwIfAborted();
    if (message.waits) await this.#workerFor(message, session);
    if (progress) this.#post({ t: 'progress', id, phase: 'start', loaded: 1, total: 1 });
    session.program = program;
    session.http = message.http;
    session.memory = program.memory?.shared && !message.shared ? await this.makeMemory(program.memory) : program.memory;
    killed.throwIfAborted();
    while (!this.#life.closing && !this.#start(message, session)) await this.#workerFor(message, session);
  }

  /** Resolves when a worker may be free; never resolves if the program is killed first. */
  async #workerFor(message: SpawnMessage, session: Session): Promise<void> {
    const answer = this.#kernel.call.c_await_worker(session.id, Number(message.waits));
    if (answer === -ERRNO_ENOBUFS) throw new Refusal('limit', `${LINE_MAX} programs are already waiting for a worker`);
    if (answer < 0) throw this.#notSpawned(message, -answer);
    if (answer === 0) await new Promise<void>((resolve) => (session.workerFree = resolve));
  }

  /** Creates the memory that a guest's threads share. Throws `Refusal`. */
  async makeMemory(type: MemoryType): Promise<WebAssembly.Memory> {
    if (type.maximum === 0 && coordinatorPlatform.emptyMemoryIsFatal)
      throw new Refusal(
        'limit',
        'the module imports a shared memory with a maximum of 0 pages, which crashes this engine',
      );
    for (let last = false; ; last = !(await this.#makeRoom())) {
      try {
        return new WebAssembly.Memory(type);
      } catch (error) {
        if (!last) continue;
        const size = `${type.initial} pages, at most ${type.maximum ?? WASM_PAGES_MAX}`;
        throw new Refusal('limit', `a shared memory of ${size}, cannot be allocated: ${messageOf(error)}`);
      }
    }
  }

  /** Starts the program. Returns false when no worker is free. */
  #start(message: SpawnMessage, session: Session): boolean {
    const kernel = this.#kernel;
    const relative = message.shared
      ? left<typeof GuestPart>().share(message, session, this.attached())
      : this.session(message.parent);
    let ports: number[] = [];
    const pointer = kernel.withBlock(encodeSpawn(message, session.program.added !== null), (block) => {
      const made = toPointer(
        kernel.call.c_spawn(
          block,
          kernel.data,
          pipeOf(message.stdin),
          pipeOf(message.stdout),
          pipeOf(message.stderr),
          relative?.pointer ?? NULL,
        ),
      );
      ports = listeningPorts(message, kernel, block);
      return made;
    });
    if (!pointer) {
      const error = kernel.words<SpawnError>(kernel.data, SPAWN_ERROR_LENGTH);
      const result = error[SPAWN_ERROR_ERROR];
      const socket = error[SPAWN_ERROR_SOCKET];
      if (result === -ERRNO_EAGAIN && socket < 0) return false;
      throw this.#notSpawned(message, -result, socket, error[SPAWN_ERROR_PREOPEN]);
    }
    session.attach(pointer, ports);
    if (message.terminal) session.setRaw(message.terminal.raw, message.terminal.onlcr);
    if (message.terminal?.echo === false) session.setEcho(false);
    session.limitTime(message.timeout);
    return true;
  }

  /** The page describes it (web/explain.ts). */
  #notSpawned({ sockets, preopens }: SpawnMessage, errno: number, socket = -1, preopen = -1): Refusal {
    const { code } = new SystemError(errno, '');
    const workers = this.#init.workers.max;
    const faults = { errno, code, socket: sockets[socket], preopen: preopens[preopen], workers };
    return new Refusal(kindOf(code), '', faults);
  }

  // --- on a worker ---

  /** Runs a thread on a worker: the program's first (tid 0) or another. `last`: there will be no retry if the engine has no memory for it. */
  run(worker: number, id: number, tid: number, argument: number, last = false): void {
    const session = this.session(id)!;
    const { memory, program } = session;
    const { module, added, head, begin } = program;
    const guest = session.takeGuest();
    this.#workers.post(
      worker,
      {
        t: 'run',
        session: id,
        module,
        memory,
        tid,
        argument,
        last,
        added,
        guest,
        head: guest && head,
        component: begin?.(this.#kernel, id, session.http),
      },
      guest?.port ? [guest.port] : [],
    );
  }

  /** Tries again to run a program for which the engine had no memory. */
  async runAgain(worker: number, id: number): Promise<void> {
    const room = await this.#makeRoom();
    // If it was killed in the meantime, its worker is gone or runs something else.
    if (this.session(id)?.running && this.#kernel.call.c_worker_runs(worker, id)) this.run(worker, id, 0, 0, !room);
  }

  /** Frees memories, because the engine limits the memories of all workers together. Resolves to false when none are left to free. */
  #makeRoom(): Promise<boolean> {
    // Workers that are about to end hold memories too.
    const retire = async () =>
      (await this.#workers.terminateAndWait(() => this.#kernel.call.c_pool_retire() > 0)) || this.#workers.nextDeath();
    return (this.#makingRoom ??= retire().finally(() => (this.#makingRoom = null)));
  }

  /** Called when a worker reports that its guest cannot be instantiated. */
  refused(id: number, kind: 'module' | 'limit' | 'options', message: string): void {
    const session = this.session(id);
    session?.refuse(kind, message);
    if (session && !session.attached) this.#channels.delete(id);
  }

  /** Called when the kernel's session is gone. A program that never ran stays until its worker has reported why, which may be later. */
  over(id: number): void {
    const session = this.session(id);
    session?.over();
    setTimeout(() => {
      if (session && !session.awaitsRefusal) this.#channels.delete(id);
    });
  }
}

const kindOf = (code: string): 'limit' | 'options' =>
  ['EAGAIN', 'ENOMEM', 'ENOBUFS', 'EMFILE'].includes(code) ? 'limit' : 'options';

function refusal(error: unknown): RefusalMessage {
  // A Refusal, or an error with a kind from a file that is loaded later.
  const { kind, message, faults } = error as Refusal;
  if (kind) return { kind, message, faults };
  if (error instanceof SystemError) return { kind: kindOf(error.code), message: `${error.code}: ${error.message}` };
  return { kind: 'module', message: messageOf(error) };
}
