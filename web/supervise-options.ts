/** A supervisor's options as the embedder gives them, checked in full before anything is started. */
import { describe, tagOf } from './bytes.js';
import { waitTime } from './deadline.js';
import { abortSignal, callback, object, planSpawn, text, type SpawnOptions } from './options.js';
import type { Process } from './process.js';
import type { ChildMessage, ToSupervisor } from './protocol.js';
import type { Source } from './source.js';
import type { Supervisor } from './supervise.js';

/** Which children are restarted when one is to be: that one, all of them, or it and those that stand after it. */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

/** When a child that ended is started again: always, when it ended abnormally, never (it is forgotten then). */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** What a child's `start` gets. */
export interface StartContext {
  /** Aborted when the child is to stop before it has started. */
  readonly signal: AbortSignal;
}

/**
 * A program as a child: what `hf.spawn()` takes, with two differences. `stdout` and `stderr` are "null" unless they are given,
 * because what nobody reads would keep a program waiting. Streams cannot be given, since they work but once: use a function as
 * `start` for that.
 */
export interface ProgramStart extends SpawnOptions {
  /** The program. A `Response` is read at the first start, and kept. */
  source: Source;
}

/** One child of a supervisor. */
export interface ChildOptions {
  /** Unique among the supervisor's children. */
  id: string;
  /**
   * Starts it: a function that gives a process of this runtime or, for a tree, a supervisor that nobody supervises yet
   * (or a promise of one); or a program with its options. It is called again for each restart. When it throws or rejects, the
   * start has failed, which counts like an end.
   */
  start: ((context: StartContext) => Process | Supervisor | PromiseLike<Process | Supervisor>) | ProgramStart;
  /** Default: "permanent". */
  restart?: RestartType;
  /**
   * How long it may take to end when it is asked to, in milliseconds; then it is killed. A program is asked by the end of its
   * standard input, and by `stop`. "kill": it is killed at once. Default: 5,000, and `Infinity` for a supervisor.
   */
  shutdown?: number | 'kill';
  /** Called when a process is asked to end, beside the end of its standard input. A supervisor is closed. */
  stop?: (process: Process) => void | PromiseLike<void>;
}

/** How long to wait before a restart. The first time `min`, then `factor` times as long each time, up to `max`. */
export interface Backoff {
  /** Milliseconds. Default: 0. */
  min?: number;
  /** Milliseconds; a child that ran for as long begins with `min` again. Default: 30,000, or `min` if that is more. */
  max?: number;
  /** Default: 2. */
  factor?: number;
  /** The part of each delay that is left to chance, 0 to 1: 0.5 is half to all of it. Default: 0. */
  jitter?: number;
}

/** Options of `hf.supervise()`. */
export interface SuperviseOptions {
  /** Default: "one-for-one". */
  strategy?: Strategy;
  /**
   * When more restarts than these are needed within the time, all children are stopped and the supervisor ends. Less
   * than 0: never. Default: 3.
   */
  maxRestarts?: number;
  /** The time, in milliseconds; null: all of the supervisor's life. Default: 5,000. */
  within?: number | null;
  /** Default: no delay. */
  backoff?: Backoff;
  /** Gives up when aborted; once the supervisor is there, closes it. */
  signal?: AbortSignal;
  /** In the order of their start. */
  children?: readonly ChildOptions[];
}

/** A child that was found right. */
export interface ChildPlan {
  id: string;
  start: (context: StartContext) => unknown;
  program: ProgramStart | undefined;
  /** The program's source, once it was asked for. */
  kept?: Promise<Source>;
  stop: ((process: Process) => void | PromiseLike<void>) | undefined;
  message: Omit<ChildMessage, 'key'>;
}

export interface SupervisePlan {
  settings: Pick<Extract<ToSupervisor, { t: 'supervise' }>, 'strategy' | 'maxRestarts' | 'within' | 'backoff'>;
  children: ChildPlan[];
  signal: AbortSignal | undefined;
}

const STRATEGIES = ['one-for-one', 'one-for-all', 'rest-for-one'] as const;
const RESTARTS = ['permanent', 'transient', 'temporary'] as const;
const DEFAULT_MAX_RESTARTS = 3;
const DEFAULT_WITHIN = 5000;
const DEFAULT_LONGEST = 30_000;
/** HF_SUP_MOST_COUNTED: the time of each restart is kept for as long as it counts. */
const MOST_COUNTED = 65536;
const MOST_RESTARTS = 2 ** 31 - 1;

/** Checks the options of `hf.supervise()`. Throws `TypeError` and `RangeError`. */
export function planSupervise(options: SuperviseOptions): SupervisePlan {
  object(options, 'supervise options');
  const given = options.within === undefined ? DEFAULT_WITHIN : options.within;
  const within = given === null || given === Infinity ? null : duration(given, 'within');
  const maxRestarts = options.maxRestarts ?? DEFAULT_MAX_RESTARTS;
  if (!Number.isInteger(maxRestarts)) {
    throw new TypeError(`maxRestarts must be a whole number, not ${shown(maxRestarts)}`);
  }
  const most = within === null ? MOST_RESTARTS : MOST_COUNTED;
  if (maxRestarts > most) {
    throw new RangeError(
      `maxRestarts is ${maxRestarts}: with this \`within\` it can be ${most} at most, or less than 0 for no limit`,
    );
  }
  const children = options.children ?? [];
  if (!Array.isArray(children)) throw new TypeError(`children must be an array, not ${describe(children)}`);
  const plans = children.map((child: ChildOptions, i) => planChild(child, `children[${i}]`));
  const seen = new Set<string>();
  for (const { id } of plans) {
    if (seen.has(id)) throw new TypeError(`children: ${JSON.stringify(id)} is there twice`);
    seen.add(id);
  }
  return {
    settings: {
      strategy: oneOf(options.strategy ?? 'one-for-one', STRATEGIES, 'strategy'),
      maxRestarts: Math.max(maxRestarts, -1),
      within,
      backoff: planBackoff(options.backoff ?? {}),
    },
    children: plans,
    signal: abortSignal(options.signal),
  };
}

/** Checks one child. Throws `TypeError` and `RangeError`. */
export function planChild(child: ChildOptions, what: string): ChildPlan {
  object(child, what);
  const id = text(child.id, `${what}.id`);
  if (id === '') throw new TypeError(`${what}.id is empty`);
  const name = `${what} (${JSON.stringify(id)})`;
  const { start } = child;
  if (typeof start !== 'function') checkProgram(start, name);
  return {
    id,
    start: typeof start === 'function' ? start : () => undefined,
    program: typeof start === 'function' ? undefined : start,
    stop: callback(child.stop, `${name}: stop`),
    message: {
      id,
      restart: oneOf(child.restart ?? 'permanent', RESTARTS, `${name}: restart`),
      shutdown: shutdownTime(child.shutdown, name),
    },
  };
}

function checkProgram(start: ProgramStart, name: string): void {
  if (typeof start !== 'object' || start === null || !('source' in start)) {
    throw new TypeError(`${name}: start must be a function, or spawn options with a source, not ${describe(start)}`);
  }
  const { source: _, ...options } = start;
  planSpawn(options);
  for (const key of ['stdin', 'stdout', 'stderr'] as const) {
    if (!/^(Readable|Writable)Stream$/.test(tagOf(options[key]))) continue;
    throw new TypeError(`${name}: ${key} is a stream, which works for one start only: make start a function`);
  }
}

function shutdownTime(shutdown: unknown, name: string): number | null {
  if (shutdown === undefined) return null;
  if (shutdown === 'kill') return 0;
  if (typeof shutdown !== 'number') {
    throw new TypeError(`${name}: shutdown must be a number of milliseconds or "kill", not ${shown(shutdown)}`);
  }
  return waitTime(shutdown, `${name}: shutdown`);
}

function planBackoff(backoff: Backoff): SupervisePlan['settings']['backoff'] {
  object(backoff, 'backoff');
  const min = waitTime(backoff.min ?? 0, 'backoff.min');
  const max = waitTime(backoff.max ?? Math.max(backoff.min === undefined ? 0 : DEFAULT_LONGEST, min), 'backoff.max');
  if (min > max) throw new RangeError(`backoff.min (${min}) is more than backoff.max (${max})`);
  const factor = between(backoff.factor ?? 2, 1, Infinity, 'backoff.factor');
  return { min, max, factor, jitter: between(backoff.jitter ?? 0, 0, 1, 'backoff.jitter') };
}

function between(value: unknown, least: number, most: number, what: string): number {
  if (typeof value !== 'number') throw new TypeError(`${what} must be a number, not ${describe(value)}`);
  if (!(value >= least && value <= most) || value === Infinity) {
    throw new RangeError(
      `${what} must be ${most === Infinity ? `${least} or more` : `${least} to ${most}`}, not ${value}`,
    );
  }
  return value;
}

function duration(value: unknown, what: string): number {
  const time = waitTime(value, what);
  if (time === 0) throw new RangeError(`${what} must be more than 0 milliseconds, or null for ever`);
  return time;
}

function oneOf<T extends string>(value: unknown, list: readonly T[], what: string): T {
  const found = list.find((name) => name === value);
  if (found === undefined) {
    throw new TypeError(`${what} must be ${list.map((name) => `"${name}"`).join(', ')}, not ${shown(value)}`);
  }
  return found;
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value) : typeof value === 'number' ? `${value}` : describe(value);
