/** A supervisor's options as the caller passes them, fully validated before anything starts. */
import { SUP_COUNTED_MAX } from '../build/generated/layouts.js';
import type { Calls, ChildMessage } from '../common/protocol.js';
import { shown, tagOf, wrong } from './bytes.js';
import {
  abortSignal,
  array,
  callback,
  distinct,
  nothingMore,
  object,
  oneOf,
  ordered,
  text,
  waitTime,
} from './check.js';
import { planSpawn, type SpawnOptions } from './options.js';
import type { Process } from './process.js';
import type { Source } from './source.js';
import type { Supervisor } from './supervise.js';

/** Which children restart when one must: only that one, all of them, or it and those after it. */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

/**
 * When a child that ended restarts: always ("permanent"), after an abnormal end ("transient"), or never ("temporary";
 * the supervisor then forgets it).
 */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** The argument of a child's `start` function. */
export interface StartContext {
  /** Aborted when the child must stop before it has started. */
  readonly signal: AbortSignal;
}

/**
 * A program as a child: the options of `hf.spawn()`, with two differences. `stdout` and `stderr` default to "null",
 * because a program waits while its output is not read. Streams are not accepted, because they work only once: for
 * those, make `start` a function.
 */
export interface ProgramStart extends SpawnOptions {
  /** The program. A `Response` is read at the first start, and kept for restarts. */
  source: Source;
}

/** What a child can be: a process, an instance or a thread, which have one, or a supervisor. */
export type Supervisable = Process | Supervisor | { readonly process: Process };

/** One child of a supervisor. */
export interface ChildOptions {
  /** A name that is unique among the supervisor's children. */
  id: string;
  /**
   * How to start the child; used again for each restart. Either a program with its options, or a function that returns
   * (a promise of) a process, an instance or a thread of this runtime or, to form a tree, a new supervisor that has no parent yet. If the
   * function throws or rejects, the start has failed, which counts as an end.
   *
   * @example
   * const child = { id: 'job', start: ({ signal }) => hf.spawn('/job.wasm', { signal, stdout: 'null' }) };
   */
  start: ((context: StartContext) => Supervisable | PromiseLike<Supervisable>) | ProgramStart;
  /** When the child restarts. Default: "permanent". */
  restart?: RestartType;
  /**
   * Milliseconds that the child has to end when it is asked to; then it is killed. "kill" kills it at once. A program
   * is asked by the end of its standard input, and by `stop`. Default: 5,000, and `Infinity` for a supervisor.
   */
  shutdown?: number | 'kill';
  /**
   * Called when a process is asked to end, in addition to the end of its standard input. Not called for supervisors,
   * which are closed.
   */
  stop?: (process: Process) => void | PromiseLike<void>;
}

/** The delay before a restart. It is `min` the first time, and grows by `factor` each time, up to `max`. */
export interface Backoff {
  /** The first delay in milliseconds. Default: 0. */
  min?: number;
  /**
   * The longest delay in milliseconds; a child that ran for at least this long starts again at `min`. Default: 30,000,
   * or `min` if that is larger.
   */
  max?: number;
  /** The growth of the delay, at least 1. Default: 2. */
  factor?: number;
  /** The random part of each delay, 0 to 1: with 0.5 a delay is between half and all of it. Default: 0. */
  jitter?: number;
}

/** Options of `hf.supervise()`. */
export interface SuperviseOptions {
  /** Which children restart together. Default: "one-for-one". */
  strategy?: Strategy;
  /**
   * The number of restarts allowed within the time `within`. One more stops all children and ends the supervisor. A
   * negative number means no limit. Default: 3.
   */
  maxRestarts?: number;
  /** The time in milliseconds; null means the whole life of the supervisor. Default: 5,000. */
  within?: number | null;
  /** The delay before restarts. Default: no delay. */
  backoff?: Backoff;
  /**
   * Cancels the call when aborted: `supervise()` rejects with the signal's reason. Once the supervisor exists, an abort
   * closes it.
   */
  signal?: AbortSignal;
  /** The children, in the order of their start. */
  children?: readonly ChildOptions[];
}

/** A child with validated options. */
export interface ChildPlan {
  id: string;
  start: (context: StartContext) => unknown;
  program: ProgramStart | undefined;
  /** The program's source, once it was requested. */
  kept?: Promise<Source>;
  stop: ((process: Process) => void | PromiseLike<void>) | undefined;
  message: Omit<ChildMessage, 'key'>;
}

export interface SupervisePlan {
  settings: Pick<Calls['supervise'][0], 'strategy' | 'maxRestarts' | 'within' | 'backoff'>;
  children: ChildPlan[];
  signal: AbortSignal | undefined;
}

const STRATEGIES = ['one-for-one', 'one-for-all', 'rest-for-one'] as const;
const RESTARTS = ['permanent', 'transient', 'temporary'] as const;
const DEFAULT_MAX_RESTARTS = 3;
const DEFAULT_WITHIN = 5000;
const DEFAULT_LONGEST = 30_000;
const MOST_RESTARTS = 2 ** 31 - 1;

/** Validates the options of `hf.supervise()`. Throws `TypeError` and `RangeError`. */
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
  const most = within === null ? MOST_RESTARTS : SUP_COUNTED_MAX;
  if (maxRestarts > most) {
    throw new RangeError(
      `with this \`within\` maxRestarts must be at most ${most}, or negative for no limit, not ${maxRestarts}`,
    );
  }
  const plans = array(children, 'children').map((child, i) => planChild(child, `children[${i}]`));
  distinct(
    plans.map(({ id }) => id),
    'children',
  );
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

/** Validates the options of one child. Throws `TypeError` and `RangeError`. */
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
  ordered(min, 'backoff.min', max, 'backoff.max');
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
  if (time === 0) throw new RangeError(`${what} must be more than 0 milliseconds, or null for no limit`);
  return time;
}
