// Runs in the page: the same guest under holdfast and under other runtimes, alternately, so that a slow moment of the machine affects all of them
// equally.
import { startAll } from './contestants.js';

const GUEST = '/build/guests/bench-peers.wasm';

/** [row, nanoseconds or the error as text]. */
export const parse = (stdout) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([row, ...rest]) => [row, rest[0] === 'errno' ? `errno ${rest[1]}` : Number(rest[0])]);

/** { contestant: { row: [ns…] or a reason } }; a runtime that cannot run at all has { error }. */
export async function comparePeers({ rounds, microseconds }) {
  const results = {};
  const lib = await import('/dist/index.js');
  const all = await startAll(GUEST, lib, { onFailure: (name, error) => (results[name] = { error }) });
  const run = ({ run: start, place = [] }, time) => start([String(time), ...place]);
  await all.each((_, contestant) => run(contestant, 1000)); // compiles, and warms up
  for (let round = 0; round < rounds; round++)
    await all.each(async (name, contestant) => {
      const rows = (results[name] ??= {});
      for (const [row, value] of parse(await run(contestant, microseconds))) {
        if (typeof value === 'string') rows[row] = value;
        else (rows[row] ??= []).push(value);
      }
    });
  await all.close();
  return results;
}
