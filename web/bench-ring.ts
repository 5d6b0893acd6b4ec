/**
 * The benchmark of the ring (native/ring): its options, its runs, and its tables. `holdfast bench ring` and `npm run bench -- ring` use it. Runs in pages,
 * too.
 */
import {
  RING_COMPACT,
  RING_CONSUMER,
  RING_HYBRID,
  RING_PADDED,
  RING_PRODUCER,
  RING_RESULT_CONSUMER_SPINS,
  RING_RESULT_ELAPSED,
  RING_RESULT_HEAD,
  RING_RESULT_PRODUCER_SPINS,
  RING_RESULT_SUM,
  RING_RESULT_TAIL,
  RING_SPIN,
  RING_WAIT,
  SIZEOF_RING_RESULT,
} from '../build/generated/layouts.js';
import type { Holdfast } from './holdfast.js';
import type { createMemory } from './threads.js';

const LAYOUTS = { compact: RING_COMPACT, padded: RING_PADDED };
const WAIT_MODES = { spin: RING_SPIN, wait: RING_WAIT, hybrid: RING_HYBRID };

export interface RingOptions {
  items: number;
  /** The numbers of slots to measure. */
  slots: number[];
  /** Null: not given, so that the CSV has no column for it. */
  payloadBytes: number | null;
  layout: keyof typeof LAYOUTS;
  /** How many items one publication covers at most; 0: half of the slots. */
  batch: number;
  waitMode: keyof typeof WAIT_MODES;
  waitSpin: number;
  /** The longest sleep in microseconds; -1: no limit, because no wake-up is lost. */
  waitTimeout: number;
  rounds: number;
  csv: boolean;
  csvOnly: boolean;
}

export const RING_USAGE = `Usage: holdfast bench ring [OPTIONS]

Sends numbers through a ring in shared memory from one thread to another, in wasm on Node and, if gcc is installed, natively.

  --items N            how many numbers (1000000)
  --slots N            slots of the ring, a power of two (1024)
  --sweep              64, 256, 1024, 4096 and 16384 slots
  --slots-list CSV     these numbers of slots
  --payload-bytes N    each number carries N more bytes, rounded up to whole words
  --layout LAYOUT      "compact": the indices are next to each other, or "padded": each has cache lines of its own
  --batch N            publish an index once for up to N items (default: half of the slots)
  --wait-mode MODE     "spin": a side that cannot continue polls, "wait": it sleeps, "hybrid": it polls, then sleeps
  --wait-spin N        how often "hybrid" polls before it sleeps (20000)
  --wait-timeout-us N  the longest sleep, or "auto": no limit
  --rounds N           rounds of native and wasm by turns (9)
  --csv, --csv-only    print CSV as well, or only CSV
`;

const SWEEP = [64, 256, 1024, 4096, 16384];
const DEFAULTS: RingOptions = {
  items: 1_000_000,
  slots: [1024],
  payloadBytes: null,
  layout: 'compact',
  batch: 0,
  waitMode: 'spin',
  waitSpin: 20_000,
  waitTimeout: -1,
  rounds: 9,
  csv: false,
  csvOnly: false,
};
/** Items are counted with an i32. */
const MOST_ITEMS = 2 ** 31 - 1;
/** All slots must fit into a memory of 4 GiB. */
const MOST_SLOTS = 2 ** 26;
const MOST_PAYLOAD = 2 ** 16;

/** The command line is wrong. */
export class RingUsageError extends Error {}

const whole = (text: string, what: string, least: number, most = Number.MAX_SAFE_INTEGER): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new RingUsageError(`${what} must be a whole number ${range}, not "${text}"`);
  }
  return value;
};
/** A number of items or slots, which is checked once all are known. */
const amount = (text: string): number => (/^\d+$/.test(text) ? Number(text) : NaN);
const oneOf = <T extends string>(text: string, values: Readonly<Record<T, number>>, what: string): T => {
  if (Object.hasOwn(values, text)) return text as T;
  throw new RingUsageError(`${what} must be ${Object.keys(values).join(', ')}, not "${text}"`);
};

/** Options that take a value. */
const VALUES: Readonly<Record<string, (options: RingOptions, text: string) => void>> = {
  '--items': (options, text) => (options.items = amount(text)),
  '--slots': (options, text) => (options.slots = [amount(text)]),
  '--slots-list': (options, text) => (options.slots = text.split(',').map(amount)),
  '--payload-bytes': (options, text) => (options.payloadBytes = whole(text, '--payload-bytes', 0, MOST_PAYLOAD)),
  '--layout': (options, text) => (options.layout = oneOf(text, LAYOUTS, '--layout')),
  '--batch': (options, text) => (options.batch = whole(text, '--batch', 1, MOST_SLOTS)),
  '--wait-mode': (options, text) => (options.waitMode = oneOf(text, WAIT_MODES, '--wait-mode')),
  '--wait-spin': (options, text) => (options.waitSpin = whole(text, '--wait-spin', 0, 2 ** 32 - 1)),
  '--wait-timeout-us': (options, text) =>
    (options.waitTimeout = text === 'auto' ? -1 : whole(text, '--wait-timeout-us', 1, 1e9)),
  '--rounds': (options, text) => (options.rounds = whole(text, '--rounds', 1, 1000)),
};
const FLAGS: Readonly<Record<string, (options: RingOptions) => void>> = {
  '--sweep': (options) => (options.slots = SWEEP),
  '--csv': (options) => (options.csv = true),
  '--csv-only': (options) => (options.csvOnly = true),
};

/** Throws `RingUsageError`. */
export function parseRing(argv: readonly string[]): RingOptions {
  const options = { ...DEFAULTS };
  for (let at = 0; at < argv.length; at++) {
    const [name, ...rest] = argv[at]!.split('=');
    if (Object.hasOwn(FLAGS, name!)) FLAGS[name!]!(options);
    else if (Object.hasOwn(VALUES, name!)) {
      const value = rest.length > 0 ? rest.join('=') : argv[++at];
      if (value === undefined) throw new RingUsageError(`${name} needs a value`);
      VALUES[name!]!(options, value);
    } else throw new RingUsageError(`unknown option "${name}"`);
  }
  check(options);
  return options;
}

function check({ items, slots }: RingOptions): void {
  if (!(items >= 1) || slots.some((count) => !(count >= 1 && count <= MOST_SLOTS)))
    throw new RingUsageError('invalid items or slots');
  if (slots.some((count) => !Number.isInteger(Math.log2(count))))
    throw new RingUsageError('slots must be power of two');
  if (items > MOST_ITEMS) throw new RingUsageError('items exceed i32');
}

/** One run, in nanoseconds. */
export interface RingRun {
  elapsed: number;
  sum: bigint;
  producerSpins: number;
  consumerSpins: number;
  head: number;
  tail: number;
}

/** The arguments of `bench` in native/ring/guest.c and, in the same order, of native/ring/native.c. */
export interface RingSession {
  items: number;
  runs: number;
  /** How many runs after the first are preceded by a pause. */
  warming: number;
  slots: number;
  layout: number;
  words: number;
  batch: number;
  mode: number;
  spin: number;
  /** In nanoseconds. */
  timeout: number;
}

/** Carries out a session: runs by the same two new threads, the first of which is cold. */
export type RunRing = (session: RingSession) => Promise<RingRun[]>;

/** The runs of a session: a cold one, some in which an engine optimizes, and those that count as warm. */
const WARMING = 20;
const WARM = 9;

export const sessionOf = (options: RingOptions, slots: number): RingSession => ({
  items: options.items,
  runs: 1 + WARMING + WARM,
  warming: WARMING,
  slots,
  layout: LAYOUTS[options.layout],
  words: 1 + Math.ceil((options.payloadBytes ?? 0) / 4),
  batch: options.batch,
  mode: WAIT_MODES[options.waitMode],
  spin: options.waitSpin,
  timeout: options.waitTimeout < 0 ? -1 : options.waitTimeout * 1000,
});

/** Throws an error if a number was lost in the run. */
function verify({ items }: RingSession, { head, tail, sum }: RingRun): void {
  if (head !== items || tail !== items) throw new Error('head/tail mismatch');
  if (sum !== (BigInt(items) * BigInt(items + 1)) / 2n) throw new Error('sum mismatch');
}

/** A row of the results; the time is that of the median run. */
export interface RingRow {
  label: string;
  items: number;
  slots: number;
  elapsed: number;
  fastest: number;
  slowest: number;
  /** The median of each round. */
  rounds: number[];
  producerSpins: number;
  consumerSpins: number;
}

/** Measures all sizes, by turns. The name is the beginning of the rows' labels. Throws an error if a number was lost. */
export async function measureRing(options: RingOptions, ways: Readonly<Record<string, RunRing>>): Promise<RingRow[]> {
  const rows: RingRow[] = [];
  for (const slots of options.slots) {
    const session = sessionOf(options, slots);
    const found = new Map<string, { cold: RingRun[][]; warm: RingRun[][] }>();
    for (const name of Object.keys(ways)) found.set(name, { cold: [], warm: [] });
    for (let round = 0; round < options.rounds; round++) {
      for (const [name, run] of Object.entries(ways)) {
        const runs = await run(session);
        for (const each of runs) verify(session, each);
        found.get(name)!.cold.push(runs.slice(0, 1));
        found.get(name)!.warm.push(runs.slice(1 + WARMING));
      }
    }
    for (const [name, { cold, warm }] of found)
      rows.push(rowOf(`${name}_cold`, session, cold), rowOf(`${name}_warm`, session, warm));
  }
  return rows;
}

const sorted = (runs: readonly RingRun[]): RingRun[] => [...runs].sort((a, b) => a.elapsed - b.elapsed);
const median = (runs: readonly RingRun[]): RingRun => sorted(runs)[runs.length >> 1]!;

function rowOf(label: string, { items, slots }: RingSession, rounds: RingRun[][]): RingRow {
  const all = sorted(rounds.flat());
  const { elapsed, producerSpins, consumerSpins } = median(all);
  const [fastest, slowest] = [all[0]!.elapsed, all.at(-1)!.elapsed];
  const medians = rounds.map((runs) => median(runs).elapsed);
  return { label, items, slots, elapsed, fastest, slowest, rounds: medians, producerSpins, consumerSpins };
}

/**
 * The median of the rounds' ratios: a virtual machine may move its processors closer together or farther apart at any time, which changes all figures
 * of a round alike.
 */
function ratioOf(row: RingRow, floor: RingRow): number {
  const ratios = row.rounds.map((time, round) => time / floor.rounds[round]!).sort((a, b) => a - b);
  return ratios[ratios.length >> 1]!;
}

/** The CSV of the rows, with its header. */
export function csvOf(rows: readonly RingRow[], { payloadBytes }: RingOptions): string {
  const payload = payloadBytes === null ? [] : [payloadBytes];
  const head = ['label', 'items', 'slots', ...payload.map(() => 'payload_bytes'), 'elapsed_ns', 'per_ps'];
  const lines = rows.map(({ label, items, slots, elapsed, producerSpins, consumerSpins }) =>
    [
      label,
      items,
      slots,
      ...payload,
      elapsed,
      Math.round((elapsed * 1000) / items),
      producerSpins,
      consumerSpins,
    ].join(),
  );
  return `${[[...head, 'prod_spins', 'cons_spins'].join(), ...lines].join('\n')}\n`;
}

const milliseconds = (time: number): string => (time / 1e6).toFixed(3);

/** A table to read: each row of wasm with its ratio to the native one. */
export function tableOf(rows: readonly RingRow[]): string {
  const lines = rows.map((row) => {
    const { label, items, slots, elapsed, fastest, slowest } = row;
    const floor = rows.find((other) => other.slots === slots && other.label === label.replace(/^wasm/, 'os'));
    const ratio = floor && label.startsWith('wasm') ? `   ${ratioOf(row, floor).toFixed(2)} times native` : '';
    const spread = `(${milliseconds(fastest)} to ${milliseconds(slowest)})`;
    const each = `${(elapsed / items).toFixed(2)} ns an item`;
    return `  ${label.padEnd(16)}${String(slots).padStart(6)} slots ${milliseconds(elapsed).padStart(10)} ms ${spread.padEnd(22)} ${each}${ratio}`;
  });
  return `${lines.join('\n')}\n`;
}

const PAGE = 65536;
/** More than the indices, and the words between the slots and the results. */
const SLACK = 4096;

let copies = 0;

/** The module with a number in a custom section: engines recognize bytes that they have compiled, so without it the code would not be cold. */
function coldCopy(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const section = [0, 6, 1, 0x6e, ...new Uint8Array(Uint32Array.of(++copies).buffer)];
  return Uint8Array.from([...module, ...section]);
}

/** Runs sessions in threads of the runtime. `module`: the bytes of ring.wasm. */
export function wasmRing(hf: Holdfast, create: typeof createMemory, module: Uint8Array): RunRing {
  return async (session) => {
    const { items, runs, warming, slots, layout, words, batch, mode, spin, timeout } = session;
    const size = SLACK + 4 * slots * words + SIZEOF_RING_RESULT * runs;
    const memory = await create(hf, { pages: Math.ceil(size / PAGE) });
    const bytes = coldCopy(module);
    const side = (which: number) =>
      memory.spawn(
        bytes,
        'bench',
        [which, items, runs, warming, layout, slots - 1, words, batch, mode, spin | 0, BigInt(timeout)],
        { interruptible: false },
      );
    const [producer, consumer] = await Promise.all([side(RING_PRODUCER), side(RING_CONSUMER)]);
    const [at] = await Promise.all([producer.join(), consumer.join()]);
    const view = new DataView((await memory.read(at as number, SIZEOF_RING_RESULT * runs)).buffer);
    await memory.close();
    return Array.from({ length: runs }, (_, run) => resultAt(view, SIZEOF_RING_RESULT * run));
  };
}

/** Reads a struct ring_result (native/ring/layouts.def). */
function resultAt(view: DataView, at: number): RingRun {
  const number = (word: number): number => view.getUint32(at + 4 * word, true);
  const long = (word: number): bigint => view.getBigUint64(at + 4 * word, true);
  return {
    elapsed: Number(long(RING_RESULT_ELAPSED)),
    sum: long(RING_RESULT_SUM),
    producerSpins: Number(long(RING_RESULT_PRODUCER_SPINS)),
    consumerSpins: Number(long(RING_RESULT_CONSUMER_SPINS)),
    head: number(RING_RESULT_HEAD),
    tail: number(RING_RESULT_TAIL),
  };
}

/** The arguments of the native program. */
export const nativeArguments = (session: RingSession): string[] => {
  const { items, runs, warming, layout, slots, words, batch, mode, spin, timeout } = session;
  return [items, runs, warming, layout, slots, words, batch, mode, spin, timeout].map(String);
};

/** Reads what the native program prints. */
export const nativeRuns = (output: string): RingRun[] =>
  output
    .trim()
    .split('\n')
    .map((line) => {
      const [elapsed, sum, producerSpins, consumerSpins, head, tail] = line.split(' ');
      return {
        elapsed: Number(elapsed),
        sum: BigInt(sum!),
        producerSpins: Number(producerSpins),
        consumerSpins: Number(consumerSpins),
        head: Number(head),
        tail: Number(tail),
      };
    });
