/** Serves the page's calls of a component's exports. Like a guest of guest.ts, the component keeps its worker, and waits for calls in the event loop. */
import {
  DROP,
  eachCall,
  type CallsMessage,
  type Failure,
  type FromGuest,
  type ToGuest,
} from '../common/guest-protocol.ts';
import type { Calling } from './calling.ts';
import { WrongValue } from './canonical.ts';
import type { KernelExports } from './kernel.ts';
import { valueOf, type Steps } from './steps.ts';

/** An exported function, by which JavaScript calls the component. */
export interface Served {
  readonly name: string;
  /** Throws `WrongValue` if an argument has the wrong type; other errors end the component. Returns a promise if stacks are suspended. */
  call(args: readonly unknown[]): unknown;
  /** Whether it returns {tag: "ok"} or {tag: "err"}, which becomes a value or a `ComponentError`. */
  readonly fails: boolean;
}

export interface ServerParts {
  readonly kernel: KernelExports;
  readonly calling: Calling;
  /** Carries out the work after what is under way. */
  enqueue(work: () => void | Promise<void>): void;
  readonly port: MessagePort;
  readonly functions: readonly Served[];
  /** The exported resources: the interface and the name of each. */
  readonly resources: readonly (readonly [from: string, name: string])[];
  /** The page gives up a resource, which is destroyed. */
  drop(id: number): Steps<void>;
  /** The component trapped, or was unwound: its process ends. */
  fault(error: unknown): void;
}

export class Server {
  #gone = false;

  constructor(private readonly parts: ServerParts) {}

  start(): void {
    const { port, functions, resources, kernel } = this.parts;
    const companion = functions.map(({ name }) => name);
    this.#post({ t: 'ready', exports: [], companion, component: { resources } });
    port.onmessage = ({ data }: MessageEvent<ToGuest>) =>
      this.parts.enqueue(() => this.parts.calling.run(this.#receive(data)));
    kernel.w_rest();
  }

  #post(message: FromGuest): void {
    this.parts.port.postMessage(message);
  }

  *#receive(message: ToGuest): Steps<void> {
    if (this.#gone || message.t !== 'calls') return;
    const { kernel, calling } = this.parts;
    try {
      yield calling.into(kernel.w_awake)();
      yield* this.#answerAll(message);
      kernel.w_rest();
    } catch (error) {
      this.#gone = true;
      this.#post({ t: 'end' });
      this.parts.fault(error);
    }
  }

  /** Sends each result at once: a component rarely gets many calls in one turn, and a later call may block. */
  *#answerAll(message: CallsMessage): Steps<void> {
    const calls: Parameters<Parameters<typeof eachCall>[1]>[] = [];
    eachCall(message, (...call) => void calls.push(call));
    for (const [id, fn, args] of calls) {
      const failure = yield* this.#perform(id, fn, args);
      if (failure) this.#post({ t: 'results', values: [], failures: [failure] });
    }
  }

  *#perform(id: number, fn: number, args: unknown[]): Steps<Failure | null> {
    try {
      if (fn === DROP) {
        yield* this.parts.drop(args[0] as number);
        return this.#answer(id, undefined);
      }
      const served = this.parts.functions[fn];
      if (!served) return [id, "a component's memory cannot be accessed", 'CallFailed'];
      const value = yield* valueOf(served.call(args));
      if (!served.fails) return this.#answer(id, value);
      const { tag, val } = value as { tag: string; val: unknown };
      if (tag === 'ok') return this.#answer(id, val);
      return [id, messageOf(served.name, val), { name: 'ComponentError', stack: '', payload: val }];
    } catch (error) {
      if (error instanceof WrongValue) return [id, error.message, 'TypeError'];
      throw error;
    }
  }

  #answer(id: number, value: unknown): null {
    this.#post({ t: 'results', values: [id, value], failures: [] });
    return null;
  }
}

/** The message shows a payload that is a string or a case of a variant. */
function messageOf(name: string, payload: unknown): string {
  const shown = typeof payload === 'object' && payload !== null ? (payload as { tag?: unknown }).tag : payload;
  return typeof shown === 'string' ? `${name} returned an error: ${shown}` : `${name} returned an error`;
}
