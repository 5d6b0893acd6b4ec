/** A supervisor's options as the embedder gives them, checked in full before anything is started. */
import { shown, tagOf, wrong } from './bytes.js';
import { waitTime } from './deadline.js';
import { abortSignal, callback, nothingMore, object, oneOf, planSpawn, text, type SpawnOptions } from './options.js';
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
  const {
    strategy = 'one-for-one',
    maxRestarts = DEFAULT_MAX_RESTARTS,
    within: given = DEFAULT_WITHIN,
    backoff = {},
    signal,
    children = [],
    ...rest
  } = object(options, 'supervise options');
  nothingMore('supervise', rest);
  const within = given === null || given === Infinity ? null : duration(given, 'within');
  if (!Number.isInteger(maxRestarts)) {
    throw new TypeError(`maxRestarts must be a whole number, not ${shown(maxRestarts)}`);
  }
  const most = within === null ? MOST_RESTARTS : MOST_COUNTED;
  if (maxRestarts > most) {
    throw new RangeError(
      `maxRestarts is ${maxRestarts}: with this \`within\` it can be ${most} at most, or less than 0 for no limit`,
    );
  }
  if (!Array.isArray(children)) throw wrong('children', 'an array', children);
  const plans = children.map((child: ChildOptions, i) => planChild(child, `children[${i}]`));
  const seen = new Set<string>();
  for (const { id } of plans) {
    if (seen.has(id)) throw new TypeError(`children: ${JSON.stringify(id)} is there twice`);
    seen.add(id);
  }
  return {
    settings: {
      strategy: oneOf(strategy, STRATEGIES, 'strategy'),
      maxRestarts: Math.max(maxRestarts, -1),
      within,
      backoff: planBackoff(backoff),
    },
    children: plans,
    signal: abortSignal(signal),
  };
}

/** Checks one child. Throws `TypeError` and `RangeError`. */
export function planChild(child: ChildOptions, what: string): ChildPlan {
  const { id: given, start, restart = 'permanent', shutdown, stop, ...rest } = object(child, what);
  nothingMore('supervised child', rest, what);
  const id = text(given, `${what}.id`);
  if (id === '') throw new TypeError(`${what}.id is empty`);
  const name = `${what} (${JSON.stringify(id)})`;
  if (typeof start !== 'function') checkProgram(start, name);
  return {
    id,
    start: typeof start === 'function' ? start : () => undefined,
    program: typeof start === 'function' ? undefined : start,
    stop: callback(stop, `${name}: stop`),
    message: {
      id,
      restart: oneOf(restart, RESTARTS, `${name}: restart`),
      shutdown: shutdownTime(shutdown, name),
    },
  };
}

function checkProgram(start: ProgramStart, name: string): void {
  if (typeof start !== 'object' || start === null || !('source' in start)) {
    throw wrong(`${name}: start`, 'a function, or spawn options with a source', start);
  }
  const { source: _, ...options } = start;
  planSpawn(options, 'child', `${name}: start`);
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
  const { min: least, max: most, factor: times = 2, jitter = 0, ...rest } = object(backoff, 'backoff');
  nothingMore('backoff', rest);
  const min = waitTime(least ?? 0, 'backoff.min');
  const max = waitTime(most ?? Math.max(least === undefined ? 0 : DEFAULT_LONGEST, min), 'backoff.max');
  if (min > max) throw new RangeError(`backoff.min (${min}) is more than backoff.max (${max})`);
  const factor = between(times, 1, Infinity, 'backoff.factor');
  return { min, max, factor, jitter: between(jitter, 0, 1, 'backoff.jitter') };
}

function between(value: unknown, least: number, most: number, what: string): number {
  if (typeof value !== 'number') throw wrong(what, 'a number', value);
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
