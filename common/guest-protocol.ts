/** Messages between the page and the worker of a guest that serves calls or has host functions. They use a dedicated port and bypass the coordinator. */

import type { Port } from './endpoint.js';
import type { LoopMessage } from './loop-protocol.js';

/** How a JavaScript value is converted to arguments of a guest's function, or a result to a JavaScript value. */
export type Kind = 'i32' | 'i64' | 'f32' | 'f64' | 'string' | 'bytes' | 'json';

export interface SignatureMessage {
  params: Kind[];
  /** Null if there is no result. */
  result: Kind | null;
}

/** A host function that a guest imports. */
export interface HostMessage {
  module: string;
  name: string;
  /** Null if all arguments and the result are numbers, which pass unchanged. */
  signature: HostSignature | null;
  /** Set if it is an export of another guest, not a function of the page. */
  link?: LinkMessage;
  /**
   * Set if all imports from `module` are exports of another guest that is not known yet. The first call asks the page for it, as a call of this host
   * function, and the page answers with a LinkMessage as JSON. The value holds the declared signatures.
   */
  late?: Record<string, HostSignature | null>;
}

/** Another guest to call (worker/links.ts). */
export interface LinkMessage {
  /** Its name in messages. */
  to: string;
  /** Its callee in kernel memory, which the page holds as long as this guest lives. */
  callee: number;
  /** Its exported functions, in the order of its `ready` message, and their numbers of parameters. */
  names: readonly string[];
  arities: readonly number[];
}

/** How the arguments and the result of a host function are passed (web/host.ts). */
export interface HostSignature extends SignatureMessage {
  /** Where text and bytes go: to a buffer that the caller passes, or to memory from the guest's allocator. */
  into: 'buffer' | 'allocator';
  /** What the guest gets when the function fails; null if it traps. */
  error: number | bigint | null;
}

/** The type of an exported function. "other" stands for types without a JavaScript number, such as references. */
export interface FunctionType {
  params: ('i32' | 'i64' | 'f32' | 'f64' | 'other')[];
  results: ('i32' | 'i64' | 'f32' | 'f64' | 'other')[];
}

/** The part of a spawn that is for the guest's worker. */
export interface GuestMessage {
  /** The worker's port; null in messages to further threads and in retried runs. */
  port: Port | null;
  /** Whether it serves calls (`hf.instantiate`); otherwise it is a command. */
  called: boolean;
  /** The export that runs first: null for none, undefined for the default. */
  entry: string | null | undefined;
  /** The signatures of exports whose arguments are marshalled. */
  signatures: Record<string, SignatureMessage>;
  /** The exports that allocate and free guest memory. */
  allocator: { malloc: string; free: string };
  host: HostMessage[];
  companion: CompanionMessage | null;
  /** Set if the process is a thread: it runs an export and ends. */
  thread?: ThreadMessage;
  /** Its callee, which is created at the start for a guest that calls others, so that a deadlock is detected; 0 if there is none yet. */
  callee: number;
}

/** What a thread on a shared memory runs. Its last call's results are the value of call 1. */
export interface ThreadMessage {
  entry: string;
  args: readonly (number | bigint)[];
  /** How often it calls the entry, one call after the other. */
  repeat: number;
}

/** The companion that drives a guest (worker/companion.ts). */
export interface CompanionMessage {
  /** The URL of its ES module. */
  url: string;
  options: unknown;
  /** Whether a call waits until the previous one has settled. */
  serial: boolean;
  /** The secret name of the channel between the guest's threads. */
  channel: string;
}

/** A guest's call of a host function; the answer contains `tid` and `call`. Threads without a port send it through the coordinator. */
export interface HostCallMessage {
  t: 'host';
  tid: number;
  call: number;
  /** The function's index in GuestMessage.host. */
  fn: number;
  args: unknown[];
  /**
   * Set if a component calls: the arguments are values of its types, and the answer is a structure (structure.ts): [true, value], or [false, payload] if the
   * function threw an error that has a payload.
   */
  typed?: true;
  /** Set if the host function is a class, a resource type that the page implements: the WIT name of the called function ("[method]blob.read"). */
  member?: string;
}

/**
 * Requests besides calls of exports: read guest memory [pointer, size], and write it [pointer, bytes]. Lower numbers are requests of the tick loop
 * (loop-protocol.ts).
 */
export const READ = -1;
export const WRITE = -2;
/** Destroys a resource of a component: [id]. */
export const DROP = -100;

/** The property of a resource of a component that holds its id; other properties describe it. */
export const RESOURCE = 'holdfast:resource';
export interface ResourceMessage {
  [RESOURCE]: number;
  name: string;
  /** Set if it is an object of the page: the place of its class in GuestMessage.host. */
  page?: number;
  /** Set if the component gives up such an object. */
  own?: boolean;
}

/**
 * All calls that the page makes in one turn. For each, `calls` holds the export's number in `ready` (or READ, WRITE), the number of arguments, and the
 * arguments. The array is flat, because an object for each call takes ten times as long to copy. The ids of the calls count up from `first`.
 */
export interface CallsMessage {
  t: 'calls';
  first: number;
  calls: unknown[];
}

/** The calls of a message, in order. */
export function* callsOf({ first, calls }: CallsMessage): Generator<[id: number, fn: number, args: unknown[]]> {
  let id = first;
  for (let i = 0; i < calls.length; id++) {
    const fn = calls[i] as number;
    const end = i + 2 + (calls[i + 1] as number);
    yield [id, fn, calls.slice(i + 2, end)];
    i = end;
  }
}

/** Calls `take` for each call of a message, in order. */
export function eachCall(message: CallsMessage, take: (id: number, fn: number, args: unknown[]) => void): void {
  for (const [id, fn, args] of callsOf(message)) take(id, fn, args);
}

/** Why a call failed. */
export type Failure = [id: number, error: string, type: 'TypeError' | 'RangeError' | 'CallFailed' | Thrown];

/** An error that a function of a companion threw, or that a component's function returned, with its payload. */
export interface Thrown {
  name: string;
  stack: string;
  payload?: unknown;
}

/** The results of calls, in the order in which the calls ended. */
export interface ResultsMessage {
  t: 'results';
  /** The calls that returned: id, value, id, value, … */
  values: unknown[];
  failures: Failure[];
}

export type ToGuest =
  | CallsMessage
  /** Start serving calls from other guests. From then on the page sends a nudge with each message to this guest. */
  | { t: 'serve'; callee: number };

/** A component's functions are in the list of the companion's: "function", or "interface#function". */
export interface ComponentReady {
  /** The resource types that it exports: the interface and the name. */
  resources: readonly (readonly [from: string, name: string])[];
}

export type FromGuest =
  | HostCallMessage
  /** The guest is initialized. Lists its exports, with types if the module's bytes were read; the companion's functions are numbered after them. */
  | {
      t: 'ready';
      exports: [name: string, type: FunctionType | null, arity: number][];
      companion: string[];
      component?: ComponentReady;
    }
  | ResultsMessage
  | LoopMessage
  /** The process ends; no more results follow. */
  | { t: 'end' };
