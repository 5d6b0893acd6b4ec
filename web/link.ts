/** The channel between the page and a guest's worker, which bypasses the coordinator. Part of instance.js. */
import { toTransfer, type Transfer } from '../common/endpoint.js';
import type { FromGuest, GuestMessage, HostCallMessage, HostMessage, ToGuest } from '../common/guest-protocol.js';
import type { ToCoordinator } from '../common/protocol.js';
import { planCompanion } from './companion.js';
import { familyOf, type Family, type SpawnChild } from './children.js';
import type { PageObjects } from './component.js';
import { functionsOf, HostSide, planHost, type ComponentFile } from './host.js';
import type { HostFunction } from './host-options.js';
import type { LinkOptions } from './link-options.js';
import { LinkSide, openStation, type Ask, type Post as PostOrder, type Station } from './links.js';
import type { SpawnPlan } from './options.js';
import type { ProcessHandle } from './process.js';

/** The messages for the instance; calls of host functions are answered here. */
export type FromWorker = Exclude<FromGuest, HostCallMessage>;

type Post = (message: ToCoordinator, transfer?: Transfer[]) => void;

/** No message reports that the end of input has reached the guest, so its loop is asked to check this many milliseconds later. */
const ENDS = [0, 10, 100, 1000];

export class Link {
  #onmessage: ((message: FromWorker) => void) | undefined;
  readonly #port: MessagePort;
  readonly #functions: HostFunction[];
  /** Called when a message of the worker is lost, because this engine cannot read it. */
  onLost: (() => void) | undefined;
  /** Called when there may be input for the guest. */
  onInput: (() => void) | undefined;
  readonly #host: HostMessage[];
  readonly #links: LinkOptions | undefined;
  readonly #family: Family | undefined;
  #side: LinkSide | undefined;
  readonly #plan: SpawnPlan;
  readonly #called: boolean;
  readonly #reentrant: boolean;
  #attached = false;
  /** For an instance that calls others: its own callee, so that a call that would wait for itself is detected. */
  own: Station | undefined;
  /** For an instance that others call: its station, because messages must wake it. */
  station: Station | undefined;
  /** Posts to the coordinator; set once it is attached. */
  runtime: Post | undefined;
  #call: ((message: HostCallMessage) => unknown) | undefined;
  /** The page's objects that a component has; made once component.js is loaded. */
  #objects: PageObjects | undefined;
  /** Messages that arrived before `listen()`. */
  #early: FromWorker[] = [];

  /** Adds the worker's end of the channel to the plan. Throws `TypeError`. */
  constructor(plan: SpawnPlan, guest: Omit<GuestMessage, 'port' | 'host' | 'companion' | 'callee'>, reentrant = false) {
    const companion = planCompanion(plan.companion);
    this.#plan = plan;
    this.#links = plan.links;
    this.#called = guest.called && !companion;
    this.#reentrant = reentrant;
    this.#family = familyOf(plan);
    const all = { ...plan.host, ...this.#family?.functions };
    const host = (this.#host = planHost(all));
    this.#functions = functionsOf(all);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    plan.settings.guest = { ...guest, host, companion, callee: 0, port: port2 };
  }

  /** Creates the links of the plan. `name`: the program's name, unless the plan has one. Throws `TypeError`. */
  async connect(ask: Ask, post: PostOrder, spawn: SpawnChild, name: string): Promise<void> {
    this.#family?.join(ask, spawn);
    if (!this.#links) return;
    this.#side = new LinkSide(ask, post);
    await this.#side.connect(this.#links, this.#host, this.#functions);
    if (!this.#called) return;
    this.own = await openStation(ask, post, this.#plan.name ?? this.#plan.argv0 ?? name, this.#reentrant);
    this.#plan.settings.guest!.callee = this.own.callee;
  }

  /** Call this before the process's first message. */
  attach(process: ProcessHandle, post: Post): void {
    const { id } = process;
    this.#attached = true;
    this.runtime = post;
    const host = new HostSide(
      this.#functions,
      () => ({ id, pid: process.pid, name: process.name }),
      (tid, call, bytes) => post({ t: 'host-answer', id, tid, call, bytes }, toTransfer(bytes)),
      (file) => this.objects(file),
    );
    // Its first call may arrive before the message that it runs, which has its pid.
    const known = process.started.catch(() => undefined);
    const call = (message: HostCallMessage): unknown =>
      process.pid ? host.onCall(message) : known.then(() => host.onCall(message));
    this.#call = process.onHostCall = call;
    this.#watchInput(process);
    this.#port.onmessageerror = () => this.onLost?.();
    this.#port.onmessage = ({ data }: MessageEvent<FromGuest>) => this.#receive(data);
    const end = (reason: unknown): void => {
      host.end(reason);
      this.#side?.ended(process.pid);
      this.own?.ended();
      if (!this.#onmessage) this.close();
    };
    void process.exited.then(() => end(new DOMException('the program has ended', 'AbortError')), end);
    const released = (): void => {
      this.#side?.released(process.pid);
      this.own?.released();
    };
    void process.released.then(released, released);
  }

  /** Wraps two methods of the process, so that a page without such a guest does not load this code. */
  #watchInput(process: ProcessHandle): void {
    const done = process.onInputDone.bind(process);
    process.onInputDone = (error) => {
      done(error);
      this.onInput?.();
    };
    const end = process.endInput.bind(process);
    process.endInput = () => {
      end();
      if (this.onInput) for (const after of ENDS) setTimeout(() => this.onInput?.(), after);
    };
  }

  /** The objects of the page that a component has. */
  objects(file: ComponentFile): PageObjects {
    return (this.#objects ??= new file.PageObjects(
      this.#functions,
      this.#host.map(({ name }) => name),
    ));
  }

  post(message: ToGuest, transfer: Transfer[] = []): void {
    this.#port.postMessage(message, transfer);
    this.station?.nudge();
  }

  close(): void {
    this.#port.close();
  }

  /** Called when it will not be used. If no process was created, ends its links. */
  abandon(): void {
    this.close();
    if (this.#attached) return;
    this.#side?.released(undefined);
    this.own?.released();
  }

  #receive(message: FromGuest): void {
    if (message.t === 'host') this.#call?.(message);
    else if (this.#onmessage) this.#onmessage(message);
    else this.#early.push(message);
  }

  /** Passes messages to `onmessage`, starting with those that have already arrived. */
  listen(onmessage: (message: FromWorker) => void): void {
    this.#onmessage = onmessage;
    for (const message of this.#early.splice(0)) onmessage(message);
  }
}
