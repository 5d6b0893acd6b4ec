/** Dispatches the messages of the page and of the compute workers. */
import { messageOf } from '../common/error-text.ts';
import { left } from '../common/parts.ts';
import { NULL, toPointer, type Pointer } from '../common/pointer.ts';
import type {
  Answer,
  CallMessage,
  CallName,
  EndMessage,
  ErrorMessage,
  FsRequest,
  FsResult,
  InitMessage,
  PsMessage,
  StatsMessage,
  ToCoordinator,
} from '../common/protocol.ts';
import type { FromCompute } from '../common/worker-protocol.ts';
import { bridgeKind } from '../worker/bridge.ts';
import { handleGone, type Channel, type ChannelMessage, type Post } from './channel.ts';
import type { Connections } from './connections.ts';
import type { DoorbellKind } from './doorbell.ts';
import type * as FilesPart from './files.ts';
import type * as GuestPart from '../worker/guest.ts';
import { SystemError, type Kernel } from './kernel.ts';
import { load } from './part.ts';
import type { Programs } from './programs.ts';
import type * as Supervise from './supervise.ts';

/** Messages to a runtime that has started. */
export type Order = Exclude<ToCoordinator, InitMessage | EndMessage>;

/** The runtime's functions for messages of workers that concern the whole runtime. */
export interface Crew {
  readonly closing: boolean;
  /** Called when the worker is up. */
  workerUp(worker: number): void;
  workerFailed(worker: number, error: Error): void;
  /** Called when the doorbell rang, in an engine where the coordinator cannot wait for it. */
  drainSoon(): void;
  fatal(message: string): void;
}

export class Router {
  /** Set by the first call. */
  #files: FilesPart.Files | null = null;
  #loadingFiles: Promise<FilesPart.Files> | null = null;
  /** Set before the page's first message about a connection or a listener. */
  connections: Connections | null = null;
  /** Set when the page makes its first supervisor. */
  supervisors: Supervise.Supervisors | null = null;

  readonly #init: InitMessage;
  readonly #kernel: Kernel;
  readonly #channels: Map<number, Channel>;
  readonly #programs: Programs;
  readonly #doorbell: DoorbellKind;
  readonly #post: Post;
  readonly #crew: Crew;

  constructor(
    init: InitMessage,
    kernel: Kernel,
    channels: Map<number, Channel>,
    programs: Programs,
    doorbell: DoorbellKind,
    post: Post,
    crew: Crew,
  ) {
    this.#init = init;
    this.#kernel = kernel;
    this.#channels = channels;
    this.#programs = programs;
    this.#doorbell = doorbell;
    this.#post = post;
    this.#crew = crew;
  }

  fromWorker(worker: number, message: FromCompute): void {
    const crew = this.#crew;
    const programs = this.#programs;
    switch (message.t) {
      case 'booted':
        crew.workerUp(worker);
        break;
      case 'idle':
        this.#kernel.call.c_worker_idle(worker);
        break;
      case 'started':
        programs.session(message.session)?.announce();
        break;
      case 'refused':
        programs.refused(message.session, message.kind, message.message);
        break;
      case 'no-memory':
        void programs.runAgain(worker, message.session);
        break;
      case 'host-call':
        programs.session(message.session)?.hostCall(message.message);
        break;
      case 'ring':
        crew.drainSoon();
        break;
      case 'unusable':
        crew.workerFailed(worker, new Error(message.message));
        break;
      case 'fatal':
        crew.fatal(message.message);
        break;
    }
  }

  fromPage(message: Order): void {
    if (this.#crew.closing) return;
    switch (message.t) {
      case 'spawn':
        this.#programs.spawn(message);
        break;
      case 'fs':
        this.#answer(message, () => this.#callFiles(message.request));
        break;
      case 'stats':
        this.#answer(message, () => this.#stats());
        break;
      case 'ps':
        this.#answer(message, () => this.#ps());
        break;
      case 'pipe':
        this.#answer(message, () => toPointer(this.#kernel.call.c_pipe(message.size, message.messages)));
        break;
      case 'pipe-close':
        this.#kernel.call.c_pipe_close(message.pipe as Pointer, message.end);
        break;
      case 'callee':
      case 'memory':
        this.#answer(message, async () => {
          const part = await load<typeof GuestPart>(this.#init.assets.guest);
          return part[message.t](this.#kernel, message as never, this.#programs);
        });
        break;
      case 'called':
        left<typeof GuestPart>().called(message);
        break;
      case 'sockets':
        this.#answer(message, () => this.#loadConnections());
        break;
      case 'connect':
        this.connections!.connect(message.id, message.port, message.credit);
        break;
      case 'accept':
        this.connections!.accept(message.id, message.listener, message.credit);
        break;
      case 'listen':
        this.#answer(message, () => this.connections!.listen(message.listener, message.port));
        break;
      case 'listen-end':
        this.connections!.listenEnd(message.listener);
        break;
      case 'supervise':
        this.#supervise(message);
        break;
      case 'sup-add':
      case 'sup-order':
        this.#answer(message, () => this.supervisors!.order(message));
        break;
      case 'sup-started':
      case 'sup-ended':
        this.supervisors?.told(message);
        break;
      default:
        this.#forChannel(message);
    }
  }

  #forChannel(message: ChannelMessage): void {
    const channel = this.#channels.get(message.id);
    if (channel) channel.handle(message);
    else handleGone(message, this.#post);
  }

  #loadFiles(): Promise<typeof FilesPart> {
    return load(this.#init.assets.files);
  }

  #callFiles(request: FsRequest): FsResult | Promise<FsResult> {
    if (this.#files) return this.#files.handle(request);
    this.#loadingFiles ??= this.#loadFiles().then(
      ({ Files }) => (this.#files = new Files(this.#kernel, (id) => this.#programs.session(id)?.pointer ?? NULL)),
    );
    // Runs the first call and any that came after it, in order.
    return this.#loadingFiles.then(
      (files) => files.handle(request),
      (error: unknown) => {
        this.#loadingFiles = null; // the next call tries again
        throw error;
      },
    );
  }

  #supervise(message: CallMessage<'supervise'>): void {
    this.#answer(message, async () => {
      const { Supervisors } = await load<typeof Supervise>(this.#init.assets.supervise);
      if (!this.#crew.closing)
        (this.supervisors ??= new Supervisors(this.#post, this.#programs, this.#kernel)).order(message);
      return undefined;
    });
  }

  #answer<Name extends CallName>(
    { call }: { t: Name; call: number },
    work: () => Answer<Name> | Promise<Answer<Name>>,
  ): void {
    const post = this.#post;
    const crew = this.#crew;
    const done = (value: Answer<Name>): void =>
      post({ t: 'done', call, value }, value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []);
    const failed = (error: unknown): void => {
      const failure: ErrorMessage =
        error instanceof SystemError
          ? { code: error.code, errno: error.errno, message: error.message }
          : { code: '', message: messageOf(error) };
      post({ t: 'failed', call, error: failure });
    };
    /** While the runtime is closing, kernel calls do nothing and return no result, so they are not answered. The page rejects the call. */
    const unlessClosing =
      <T>(tell: (outcome: T) => void) =>
      (outcome: T) => {
        if (!crew.closing) tell(outcome);
      };
    try {
      const value = work();
      if (value instanceof Promise) value.then(unlessClosing(done), unlessClosing(failed));
      else done(value);
    } catch (error) {
      failed(error);
    }
  }

  async #loadConnections(): Promise<undefined> {
    const { Connections } = await this.#loadFiles();
    this.connections ??= new Connections(this.#kernel, this.#channels, this.#post);
  }

  async #ps(): Promise<PsMessage[]> {
    const { ps } = await this.#loadFiles();
    const running = this.#programs.attached().filter((session) => session.running);
    return running.map((session) => {
      const known = ps(this.#kernel, session);
      return { ...known, parent: this.supervisors?.parentOf(session.id) ?? known.parent };
    });
  }

  async #stats(): Promise<StatsMessage> {
    const { stats } = await this.#loadFiles();
    return {
      ...stats(this.#kernel, this.#programs.attached()),
      bridge: bridgeKind(this.#init.force.jsBridge),
      doorbell: this.#doorbell,
    };
  }
}
