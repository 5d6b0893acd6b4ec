/** Guests that call each other: the option `link`. A part of instance.js. */
import { PIPE_BUF, PIPE_NUDGE, PIPE_READER, PIPE_SIZE, PIPE_WRITER } from '../build/generated/layouts.js';
import type { HostMessage, ToGuest } from '../common/guest-protocol.js';
import type { ToCoordinator } from '../common/protocol.js';
import { tagOf, wrong } from './bytes.js';
import type { HostSignatureOption } from './host-options.js';
import { signatureOf } from './host.js';
import type { LinkOptions } from './link-options.js';

export type Post = (message: ToCoordinator) => void;
export type Ask = (name: 'pipe', question: { size: number; messages: number }) => Promise<number>;

/**
 * Bytes of the pipe for calls, in which each thread that calls has one record, and those that were killed meanwhile; of the pipes for arguments and answers;
 * of the one for a token.
 */
const REQUESTS = 262144;

/** A guest that others may call. */
export interface Callee {
  readonly name: string;
  /** In the order of their numbers. */
  functions: readonly string[];
  /** Throws when it has ended. */
  requireAlive(): void;
  /** Whether it is of the runtime that posts with this. */
  isOf(post: Post): boolean;
  station: Promise<Station> | undefined;
  /** Its worker gets the message, and is woken for it where it serves. */
  post(message: ToGuest): void;
  /** From now on it serves calls at the station. */
  serve(station: Station): void;
}

/** Every instance is known here, so that this file need not know what one is. */
export const callees = new WeakMap<object, Callee>();

interface Caller {
  args: number;
  reply: number;
  token: number;
  alive: boolean;
}

/**
 * The pipes of a guest that is called. The page holds both ends of each, and lets go of an end when the side that uses it cannot any more: of the callee's
 * when it has ended, or has said that nothing of that caller is in its pipe; of the caller's when that has ended.
 */
export class Station {
  readonly request: number;
  readonly #post: Post;
  readonly #callee: Callee;
  readonly #callers = new Map<number, Caller>();
  #lastId = 0;
  #ended = false;

  constructor(post: Post, callee: Callee, request: number) {
    this.#post = post;
    this.#callee = callee;
    this.request = request;
  }

  add(args: number, reply: number, token: number): number {
    this.#callers.set(++this.#lastId, { args, reply, token, alive: true });
    this.nudge(token); // its one record
    if (this.#ended) this.#closeCallee(this.#callers.get(this.#lastId)!);
    return this.#lastId;
  }

  nudge(pipe = this.request): void {
    this.#post({ t: 'pipe-close', pipe, end: PIPE_NUDGE });
  }

  #close(pipe: number, end: number): void {
    this.#post({ t: 'pipe-close', pipe, end });
  }

  callerEnded(id: number): void {
    const caller = this.#callers.get(id)!;
    caller.alive = false;
    this.#close(caller.reply, PIPE_READER);
    this.#close(caller.args, PIPE_WRITER);
    this.#close(caller.token, PIPE_READER);
    this.#close(caller.token, PIPE_WRITER);
    if (this.#ended) this.#forget(id);
    else this.#callee.post({ t: 'forget', caller: id });
  }

  forgotten(id: number): void {
    if (this.#ended) return;
    this.#closeCallee(this.#callers.get(id)!);
    this.#callers.delete(id);
  }

  #closeCallee({ args, reply }: Caller): void {
    this.#close(args, PIPE_READER);
    this.#close(reply, PIPE_WRITER);
  }

  ended(): void {
    this.#ended = true;
    this.#close(this.request, PIPE_READER);
    for (const [id, caller] of this.#callers) {
      this.#closeCallee(caller);
      if (!caller.alive) this.#callers.delete(id);
    }
    this.#closeIfUnused();
  }

  #forget(id: number): void {
    this.#callers.delete(id);
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (this.#callers.size === 0) this.#close(this.request, PIPE_WRITER);
  }
}

async function open(ask: Ask, size: number): Promise<number> {
  const pipe = await ask('pipe', { size, messages: 0 });
  if (!pipe) throw new RangeError('the kernel has no memory for a link');
  return pipe;
}

async function openStation(ask: Ask, post: Post, callee: Callee): Promise<Station> {
  const request = await open(ask, REQUESTS);
  const station = new Station(post, callee, request);
  callee.serve(station);
  return station;
}

/** A validated link. */
interface Plan {
  module: string;
  callee: Callee;
  functions: Record<string, HostSignatureOption>;
}

/** Validates the option `link`. Throws `TypeError`. */
export function planLinks(links: LinkOptions, post: Post): Plan[] {
  return Object.entries(links).map(([module, option]) => {
    const what = `link.${module}`;
    const plain = tagOf(option) === 'Object' && 'instance' in option ? option : { instance: option };
    const { instance, functions = {}, ...rest } = plain as { instance: object; functions?: Plan['functions'] };
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined)
      throw new TypeError(
        `${what}: unknown option ${JSON.stringify(unknown)}; the options are "instance" and "functions"`,
      );
    const callee = typeof instance === 'object' && instance !== null ? callees.get(instance) : undefined;
    if (!callee) throw wrong(what, 'an instance of hf.instantiate(), or { instance, functions }', instance);
    if (!callee.isOf(post)) throw new TypeError(`${what} belongs to another runtime`);
    for (const name of Object.keys(functions))
      if (!callee.functions.includes(name))
        throw new TypeError(
          `${what}.functions: ${callee.name} exports no function ${JSON.stringify(name)}; it exports ${callee.functions.slice(0, 8).join(', ') || 'none'}`,
        );
    callee.requireAlive();
    return { module, callee, functions };
  });
}

/** Makes the pipes of links. What is returned closes the caller's ends, once it has ended. */
export async function connect(links: LinkOptions, host: HostMessage[], ask: Ask, post: Post): Promise<() => void> {
  const made: (() => void)[] = [];
  for (const { module, callee, functions } of planLinks(links, post)) {
    const station = await (callee.station ??= openStation(ask, post, callee));
    const [args, reply, token] = [await open(ask, PIPE_SIZE), await open(ask, PIPE_SIZE), await open(ask, PIPE_BUF)];
    const id = station.add(args, reply, token);
    made.push(() => station.callerEnded(id));
    callee.functions.forEach((name, fn) => {
      const signature = Object.hasOwn(functions, name) ? functions[name] : undefined;
      host.push({
        module,
        name,
        signature: signature ? signatureOf({ signature }, `link.${module}.${name}`) : null,
        link: { to: callee.name, fn, request: station.request, args, reply, token },
      });
    });
  }
  return () => made.forEach((close) => close());
}
