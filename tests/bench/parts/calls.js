// Runs in the page: calls between the page and guests, each in the same round as its floor.
import {
  asyncify,
  bareImports,
  BATCH,
  blockingEcho,
  byMessages,
  echo,
  futexes,
  peersThatBlock,
} from '../call-floors.js';
import { OURS } from '../report/model.js';

const unit = 'µs';
const MESSAGE = 'message there and back';
const MESSAGES = 'messages, 200 at once';
const BLOCKED = 'blocked worker, page, waker';
const FUTEX = 'futex there and back';
const ASLEEP = 'the same, asleep, with a busy thread';
const PLAIN = 'an import in a plain worker';
const noCalls = {
  '@bjorn3/browser_wasi_shim': 'runs in the worker of the page’s choice, and has no calls between them',
};
noCalls['@runno/wasi'] = 'runs whole programs, and has no calls from the page';
noCalls['@wasmer/sdk'] = noCalls['@runno/wasi'];

export const rows = [
  { name: 'page calls an export', unit, floor: MESSAGE, cannot: noCalls },
  { name: 'page calls a guest that guests call', unit, floor: MESSAGE },
  { name: 'page calls, 200 in one turn', unit, floor: MESSAGES },
  { name: 'guest calls the page', unit, floor: BLOCKED, cannot: noCalls },
  { name: 'guest calls a guest', unit, floor: FUTEX },
  { name: 'guest calls a guest, likewise', unit, floor: ASLEEP, note: 'with a third thread that computes' },
  { name: 'companion function', unit, floor: PLAIN },
  { name: 'plugin calls, 200 at once', unit },
  { name: 'plugin ping', unit, floor: MESSAGE },
  { name: 'plugin prime_sieve(1,000,000)', unit },
  { name: 'plugin start, ping, end', unit },
];

/** A round begins with a message to the caller, and wakes the callee. It has so many calls that this hardly adds to the time per call. */
const SPINNING = 200 * BATCH;
const SLEEPING = 20 * BATCH;
const IMPORTS = 2e6;

/** Microseconds per operation, if `body` does `count` of them. */
async function timed(count, body) {
  const begun = performance.now();
  await body();
  return (1000 * (performance.now() - begun)) / count;
}

const many = (call) => Promise.all(Array.from({ length: BATCH }, (_, i) => call(i)));
const repeated = async (call) => {
  for (let i = 0; i < BATCH; i++) await call(i);
};

/** The guests of holdfast, in one runtime. */
async function guestsOf(hf, guest) {
  const host = { page: { add: (a, b) => a + b } };
  const served = await hf.instantiate(guest('bench-calls'), { host });
  const busy = await hf.spawn(guest('spins-forever'), { interruptible: true, stdout: 'null' });
  await busy.pause();
  return {
    calls: await hf.instantiate(guest('bench-calls'), { host }),
    served,
    linked: await hf.instantiate(guest('bench-calls'), { link: { page: served } }),
    plugin: await hf.plugin(guest('bench-plugin'), { handlers: { ping: () => 'pong' } }),
    beside: await hf.instantiate(guest('with-a-companion'), {
      companion: new URL('../../companions/by-hand.mjs', import.meta.url),
    }),
    /** With another thread that computes, the kernel does not spin, because no core is free. */
    async crowded(work) {
      await busy.resume();
      const time = await work();
      await busy.pause();
      return time;
    },
  };
}

/** [row, subject, measure]. */
function measures(hf, guest, { calls, served, linked, plugin, beside, crowded }, floors) {
  const { port, blocked, spinning, parked, bare } = floors;
  const message = () => timed(BATCH, () => repeated(port.once));
  const asleep = (side) => () => crowded(() => timed(SLEEPING, () => side(SLEEPING)));
  const startPingEnd = async () => {
    const other = await hf.plugin(guest('bench-plugin'), {});
    await other.call('ping');
    await other.close();
  };
  return [
    ['page calls an export', MESSAGE, message],
    ['page calls an export', OURS, () => timed(BATCH, () => repeated((i) => calls.exports.add(i, 1)))],
    ['page calls a guest that guests call', MESSAGE, message],
    ['page calls a guest that guests call', OURS, () => timed(BATCH, () => repeated((i) => served.exports.add(i, 1)))],
    ['page calls, 200 in one turn', MESSAGES, () => timed(BATCH, port.batch)],
    ['page calls, 200 in one turn', OURS, () => timed(BATCH, () => many((i) => calls.exports.add(i, 1)))],
    ['guest calls the page', BLOCKED, () => timed(BATCH, () => blocked.calls(BATCH))],
    ['guest calls the page', OURS, () => timed(BATCH, () => calls.exports.call_page(BATCH))],
    ['guest calls a guest', FUTEX, () => timed(SPINNING, () => spinning.rounds(SPINNING))],
    ['guest calls a guest', OURS, () => timed(SPINNING, () => linked.exports.call_page(SPINNING))],
    ['guest calls a guest, likewise', ASLEEP, asleep(parked.rounds)],
    ['guest calls a guest, likewise', OURS, asleep(linked.exports.call_page)],
    ['companion function', PLAIN, () => timed(IMPORTS, () => bare.calls(IMPORTS))],
    ['companion function', OURS, () => timed(IMPORTS, () => beside.exports.call_hook_often(IMPORTS))],
    ['plugin calls, 200 at once', OURS, () => timed(BATCH, () => plugin.call('call_page', [BATCH]))],
    ['plugin ping', MESSAGE, message],
    ['plugin ping', OURS, () => timed(BATCH, () => repeated(() => plugin.call('ping')))],
    ['plugin prime_sieve(1,000,000)', OURS, () => timed(1, () => plugin.call('prime_sieve', [1_000_000]))],
    ['plugin start, ping, end', OURS, () => timed(1, startPingEnd)],
  ];
}

/** The other libraries, for the row "guest calls the page". */
async function peerMeasures(guest) {
  const peers = await peersThatBlock(guest);
  const timers = await asyncify(() => new Promise((resolve) => setTimeout(resolve)));
  const messages = await asyncify(byMessages());
  const list = [
    ['coincident', () => peers.coincident(BATCH)],
    ['Extism, runInWorker', () => peers.extism()],
    ['Asyncify, MessageChannel', () => messages.calls(BATCH)],
    ['Asyncify, setTimeout(0)', () => timers.calls(BATCH)],
  ].map(([name, body]) => ['guest calls the page', name, () => timed(BATCH, body)]);
  return { list, close: () => peers.close() };
}

export async function open({ lib, guest, wanted, peers }) {
  const hf = await lib.start();
  const [spinning, parked] = [await futexes(20_000), await futexes(0)];
  const floors = {
    port: echo(),
    blocked: await blockingEcho(),
    spinning,
    parked,
    bare: await bareImports(guest('with-a-companion')),
  };
  const ours = measures(hf, guest, await guestsOf(hf, guest), floors);
  const others = peers ? await peerMeasures(guest) : { list: [], close() {} };
  return {
    async round(record) {
      for (const [row, subject, measure] of [...ours, ...others.list])
        if (wanted.has(row)) record(row, subject, await measure());
    },
    async close() {
      for (const floor of Object.values(floors)) floor.close();
      await others.close();
      await hf.close();
    },
  };
}
