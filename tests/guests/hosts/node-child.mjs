// The other end of node24.mjs: passes its calls to host "node", and returns the results.
import { open } from './node.mjs';

let host;
const calls = {
  async open(setting) {
    host = await open(setting);
  },
  run: (guest, limit) => host.run(guest, limit),
  about: () => host.about(),
  close: () => host.close(),
};

process.on('message', async ({ number, name, args }) => {
  try {
    process.send({ number, value: await calls[name](...args) });
  } catch (error) {
    process.send({ number, error: error.stack ?? String(error) });
  }
});

// Not exit(), which waits for all threads, even for one that never ends.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
