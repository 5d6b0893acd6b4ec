/** Guests that call each other: the option `link`. Part of instance.js. */
import type { HostMessage, HostSignature, LinkMessage } from '../common/guest-protocol.js';
import type { CalleeMessage, Calls, ToCoordinator } from '../common/protocol.js';
import { tagOf, wrong } from './bytes.js';
import type { HostFunction, HostSignatureOption } from './host-options.js';
import { signatureOf } from './host.js';
import type { AnyInstance, LinkOptions } from './link-options.js';

export type Post = (message: ToCoordinator) => void;
export type Ask = (name: 'callee', question: Calls['callee'][0]) => Promise<number>;

/** A guest that other guests may call. */
export interface Callee {
  readonly name: string;
  /** The exported functions, in the order of their numbers. */
  functions: readonly string[];
  /** The number of parameters of each function. */
  arities: readonly number[];
  /** Throws if the guest has ended. */
  requireAlive(): void;
  /** Whether it belongs to the runtime that posts with this function. */
  isOf(post: Post): boolean;
  readonly reentrant: boolean;
  station: Promise<Station> | undefined;
  /** Starts serving calls at the station. */
  serve(station: Station): void;
}

/** The callee of each instance. This file therefore does not depend on the instance class. */
export const callees = new WeakMap<object, Callee>();

/** Manages an instance's callee in kernel memory. It exists as long as the instance, or any process that may call it, lives. */
export class Station {
  readonly callee: number;
  readonly #post: Post;
  #users = 0;
  #ended = false;
  #released = false;
  #freed = false;

  constructor(post: Post, callee: number) {
    this.#post = post;
    this.callee = callee;
  }

  #order(order: CalleeMessage['order'], pid?: number): void {
    this.#post({ t: 'called', callee: this.callee, order, ...(pid === undefined ? {} : { pid }) });
  }

  nudge(): void {
    this.#order('nudge');
  }

  /** Adds a process that may call it. */
  use(): void {
    this.#users++;
  }

  /** Called when such a process has ended. Its pid is undefined if it never ran. */
  forget(pid: number | undefined): void {
    if (pid) this.#order('forget', pid);
  }

  /** Called when none of that process's workers runs any more. */
  leave(pid: number | undefined): void {
    if (pid) this.#order('release', pid);
    this.#users--;
    this.#freeIfUnused();
  }

  ended(): void {
    if (!this.#ended) this.#order('close');
    this.#ended = true;
  }

  /** Called when none of the instance's workers runs any more. Until then, a killed worker may still write to the callee. */
  released(): void {
    this.ended();
    this.#released = true;
    this.#freeIfUnused();
  }

  #freeIfUnused(): void {
    if (!this.#released || this.#users > 0 || this.#freed) return;
    this.#freed = true;
    this.#order('free');
  }
}

export async function openStation(ask: Ask, post: Post, name: string, reentrant: boolean): Promise<Station> {
  const callee = await ask('callee', { name, reentrant });
  if (!callee) throw new RangeError('the kernel has no memory for a link');
  return new Station(post, callee);
}

type Functions = Record<string, HostSignatureOption>;

/** A validated link. */
interface Plan {
  module: string;
  /** A function returns the instance later. */
  instance: AnyInstance | (() => unknown);
  functions: Functions;
}

/** Validates the option `link`. Throws `TypeError`. */
function planLinks(links: LinkOptions, post: Post): Plan[] {
  return Object.entries(links).map(([module, option]) => {
    const what = `link.${module}`;
    const plain = tagOf(option) === 'Object' && 'instance' in option ? option : { instance: option };
    const { instance, functions = {}, ...rest } = plain as { instance: Plan['instance']; functions?: Functions };
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined)
      throw new TypeError(
        `${what}: unknown option ${JSON.stringify(unknown)}; the options are "instance" and "functions"`,
      );
    if (typeof instance !== 'function') checkedCallee(what, instance, functions, post);
    return { module, instance, functions };
  });
}

/** Returns the callee of an instance after checking the option. Throws `TypeError`. */
function checkedCallee(what: string, instance: unknown, functions: object, post: Post): Callee {
  const callee = typeof instance === 'object' && instance !== null ? callees.get(instance) : undefined;
  if (!callee)
    throw wrong(
      what,
      'an instance of hf.instantiate(), a function that returns one, or { instance, functions }',
      instance,
    );
  if (!callee.isOf(post)) throw new TypeError(`${what} belongs to another runtime`);
  for (const name of Object.keys(functions))
    if (!callee.functions.includes(name))
      throw new TypeError(
        `${what}.functions: ${callee.name} exports no function ${JSON.stringify(name)}; it exports ${callee.functions.slice(0, 8).join(', ') || 'none'}`,
      );
  callee.requireAlive();
  return callee;
}

/** The links of one process. */
export class LinkSide {
  readonly #ask: Ask;
  readonly #post: Post;
  readonly #used: Station[] = [];
  #over = false;

  constructor(ask: Ask, post: Post) {
    this.#ask = ask;
    this.#post = post;
  }

  /** Adds the links to `host`, and to `functions` the functions that resolve late links. Throws `TypeError`. */
  async connect(links: LinkOptions, host: HostMessage[], functions: HostFunction[]): Promise<void> {
    for (const { module, instance, functions: declared } of planLinks(links, this.#post)) {
      const what = `link.${module}`;
      const signatures = Object.fromEntries(
        Object.entries(declared).map(([name, signature]) => [name, signatureOf({ signature }, `${what}.${name}`)]),
      );
      if (typeof instance === 'function') {
        functions[host.length] = this.#resolver(what, instance, declared);
        host.push({ module, name: '', signature: null, late: signatures });
      } else {
        const link = await this.#linkTo(callees.get(instance)!);
        for (const name of link.names) host.push({ module, name, signature: signatureIn(signatures, name), link });
      }
    }
  }

  async #linkTo(callee: Callee): Promise<LinkMessage> {
    const station = await (callee.station ??= openStation(this.#ask, this.#post, callee.name, callee.reentrant));
    if (this.#over) throw new Error('the program has ended');
    station.use();
    this.#used.push(station);
    callee.serve(station);
    return { to: callee.name, callee: station.callee, names: callee.functions, arities: callee.arities };
  }

  /** Returns a host function that returns the LinkMessage of a late link. A failed attempt is repeated at the next call. */
  #resolver(what: string, instance: () => unknown, functions: Functions): HostFunction {
    let made: Promise<string> | undefined;
    const make = async (): Promise<string> =>
      JSON.stringify(await this.#linkTo(checkedCallee(what, await instance(), functions, this.#post)));
    const resolve: HostFunction = () =>
      (made ??= make().catch((error: unknown) => {
        made = undefined;
        throw error;
      }));
    resolve.signature = { result: 'string' };
    return resolve;
  }

  /** Called when the process has ended. `pid` is undefined if it never ran. */
  ended(pid: number | undefined): void {
    this.#over = true;
    for (const station of this.#used) station.forget(pid);
  }

  released(pid: number | undefined): void {
    this.#over = true;
    for (const station of this.#used.splice(0)) station.leave(pid);
  }
}

const signatureIn = (signatures: Record<string, HostSignature | null>, name: string): HostSignature | null =>
  Object.hasOwn(signatures, name) ? signatures[name]! : null;
