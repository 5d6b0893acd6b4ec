// Host "node24": host "node" in a process of Node 24, which has multi-memory, and a different WebAssembly compiler from Node 20.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { node24Path } from '../../../tools/node24.mjs';

/** Takes the settings of host "node" that can be sent to another process. */
export async function open(settings) {
  const execPath = node24Path();
  if (execPath === undefined) throw new Error('Node 24 is missing: run node tools/node24.mjs to install it');
  const child = fork(fileURLToPath(new URL('node-child.mjs', import.meta.url)), {
    execPath,
    execArgv: [],
    serialization: 'advanced', // results have byte arrays
  });
  const waiting = new Map();
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`)));
  void ended.then((why) => {
    for (const { reject } of waiting.values()) reject(new Error(`Node 24 ended (${why})`));
  });
  child.on('message', ({ number, value, error }) => {
    const { resolve, reject } = waiting.get(number);
    waiting.delete(number);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  });
  let calls = 0;
  const call = (name, ...args) =>
    new Promise((resolve, reject) => {
      const number = ++calls;
      waiting.set(number, { resolve, reject });
      child.send({ number, name, args });
    });
  await call('open', settings);
  return {
    cannot: () => undefined,
    run: (guest, limit) => call('run', guest, limit),
    about: () => call('about'),
    async close() {
      await call('close');
      child.disconnect();
      await ended;
    },
  };
}
