// Host "node": the Node API, all cases in one runtime of this process.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { moduleOf } from '../cases.mjs';
import { about, apiHost } from './api.mjs';
import { copyIn } from './copy.mjs';

/** Where the kernel's memory begins with `high`: code that treats a pointer as signed sees a negative number there. */
const HIGH = 2 ** 31;
/** Options for a runtime with this much memory, or with the maximum. */
const high = (initial = undefined, maximum = 2 ** 32 - HIGH) => ({
  memory: { initial, maximum: HIGH + maximum },
  force: { kernelBase: HIGH },
});

/** `high`: the kernel's memory begins above 2 GiB. `ending`: called with each runtime and awaited before the runtime is closed. */
export async function open({
  root,
  built,
  interruptible = false,
  single = false,
  ending = async () => undefined,
  ...rest
}) {
  const { start, SpawnRefused } = await import(pathToFileURL(path.join(root, 'dist/node.js')).href);
  const options = { ...rest.options, ...(single && { isolation: 'none' }) };
  const hf = await start({ ...options, ...(rest.high && high()) });
  const modules = new Map();
  const sourceOf = (guest) => {
    const file = moduleOf(guest, built);
    if (!modules.has(file)) modules.set(file, readFile(file));
    return modules.get(file);
  };
  const close = async (runtime) => {
    await ending(runtime);
    await runtime.close();
  };
  const host = apiHost(hf, sourceOf, SpawnRefused, copyIn, { interruptible: single ? undefined : interruptible });
  return {
    cannot: () => undefined,
    async run(guest, limit) {
      if (guest.memory === undefined) return host.run(guest, limit);
      const { memory } = guest;
      const small = await start({
        ...options,
        ...(rest.high ? high(memory, memory) : { memory: { initial: memory, maximum: memory } }),
      });
      try {
        return await apiHost(small, sourceOf, SpawnRefused, copyIn, {
          interruptible: single ? undefined : interruptible,
        }).run(guest, limit);
      } finally {
        await close(small);
      }
    },
    about: async () =>
      `${await about(hf, `Node ${process.version}`)}${interruptible ? ', interruptible' : ''}${rest.high ? ', kernel memory above 2 GiB' : ''}${single ? ', all programs in one worker' : ''}`,
    close: () => close(hf),
  };
}
