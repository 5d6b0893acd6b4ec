/** Messages between the page and the worker of a guest that is called or calls its host. They travel over a port of their own, past the coordinator. */

import type { Port } from './endpoint.js';
import type { LoopMessage } from './loop-protocol.js';

/** How a value of JavaScript becomes arguments of a guest's function, or one of its results a value. */
export type Kind = 'i32' | 'i64' | 'f32' | 'f64' | 'string' | 'bytes' | 'json';

export interface SignatureMessage {
  params: Kind[];
  /** Null: no result. */
  result: Kind | null;
}

/** A function of the page's that a guest imports. */
export interface HostMessage {
  module: string;
  name: string;
  /** Null: all arguments and the result are numbers, as they are. */
  signature: HostSignature | null;
  /** It is an export of another guest, not a function of the page's. */
  link?: LinkMessage;
  /**
   * All imports from `module` are exports of another guest that is known later: the page is asked for it, as a function of this number, at the first call,
   * and answers with a LinkMessage as JSON. Here are the signatures of those that have one.
   */
  late?: Record<string, HostSignature | null>;
}

/** Another guest that is called (worker/links.ts). */
export interface LinkMessage {
  /** What it is called in messages. */
  to: string;
  /** In the kernel's memory; the page holds it as long as this guest lives. */
  callee: number;
  /** What it exports, in the order of its `ready`, and how many parameters each has. */
  names: readonly string[];
  arities: readonly number[];
}

/** How its arguments and its result pass (web/host.ts). */
export interface HostSignature extends SignatureMessage {
  /** Where a result of several bytes goes: to a buffer of the caller's, or to memory of the guest's allocator. */
  into: 'buffer' | 'allocator';
  /** What the guest gets when the function fails; null: it traps. */
  error: number | bigint | null;
}

/** The types of an exported function, as its module has them; "other" is one that JavaScript has no number for. */
export interface FunctionType {
  params: ('i32' | 'i64' | 'f32' | 'f64' | 'other')[];
  results: ('i32' | 'i64' | 'f32' | 'f64' | 'other')[];
}

/** Of a spawn: what the guest's worker must know. */
export interface GuestMessage {
  /** The worker's end; null in the messages to further threads, and when a run is tried again. */
  port: Port | null;
  /** Whether it is called (`hf.instantiate`), else it is a command. */
  called: boolean;
  /** The export that runs first; null: none; undefined: the usual one. */
  entry: string | null | undefined;
  /** Of exports whose arguments are marshalled. */
  signatures: Record<string, SignatureMessage>;
  /** The exports that give and take back memory of the guest's. */
  allocator: { malloc: string; free: string };
  host: HostMessage[];
  companion: CompanionMessage | null;
  /** What others call it by, if that exists from the start: because it calls others, and may wait for itself. 0: none yet. */
  callee: number;
}

/** The JavaScript beside a guest (worker/companion.ts). */
export interface CompanionMessage {
  /** Of its ES module. */
  url: string;
  options: unknown;
  /** Whether a call waits until the one before has settled. */
  serial: boolean;
  /** The name of the channel between the guest's threads, known to nobody else. */
  channel: string;
}

/** A guest's call of a host function: the answer names `tid` and `call`. Sent over the port; of threads without one by the coordinator. */
export interface HostCallMessage {
  t: 'host';
  tid: number;
  call: number;
  /** Which one, in GuestMessage.host. */
  fn: number;
  args: unknown[];
}

/**
 * What is asked for beside calls of exports: bytes of the guest's memory [pointer, size]; bytes for it [pointer, bytes]. Numbers below are the tick
 * loop's (loop-protocol.ts).
 */
export const READ = -1;
export const WRITE = -2;

/**
 * All that the page asks for in one turn: for each call the export's number in `ready` (or READ, WRITE), how many arguments follow, and these, in one
 * flat array, because an object for each call takes ten times as long to copy. The first call has the id `first`, the next one more.
 */
export interface CallsMessage {
  t: 'calls';
  first: number;
  calls: unknown[];
}

/** Takes the calls of a message apart, in their order. */
export function eachCall(
  { first, calls }: CallsMessage,
  take: (id: number, fn: number, args: unknown[]) => void,
): void {
  let id = first;
  for (let i = 0; i < calls.length; id++) {
    const fn = calls[i] as number;
    const end = i + 2 + (calls[i + 1] as number);
    take(id, fn, calls.slice(i + 2, end));
    i = end;
  }
}

/** Why a call failed. */
export type Failure = [id: number, error: string, type: 'TypeError' | 'RangeError' | 'CallFailed' | Thrown];

/** What a function of its companion threw. */
export interface Thrown {
  name: string;
  stack: string;
}

/** What calls came to, in the order in which they ended. */
export interface ResultsMessage {
  t: 'results';
  /** Of those that returned: id, value, id, value, … */
  values: unknown[];
  failures: Failure[];
}

export type ToGuest =
  | CallsMessage
  /** From now on it serves calls from other guests; and with each message of these the page nudges it. */
  | { t: 'serve'; callee: number };

export type FromGuest =
  | HostCallMessage
  /** It is initialized. The exported functions; their types, where the module's bytes were there to read. Behind them are counted the companion's. */
  | { t: 'ready'; exports: [name: string, type: FunctionType | null, arity: number][]; companion: string[] }
  | ResultsMessage
  | LoopMessage
  /** The process ends, and no result follows. */
  | { t: 'end' };
