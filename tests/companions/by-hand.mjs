// A companion of with-a-companion.wat that leaves the instance to the host.
const companion = ({ wasi, thread, options }) => {
  let exports;
  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const open = [];
  return {
    imports: {
      env: {
        hook(value) {
          if (value === -1) throw new RangeError('the hook threw');
          if (value === -2) return exports.call_hook(1);
          return value * 2;
        },
      },
    },
    ready: (instance) => {
      exports = instance.exports;
      if (options?.initialize) wasi.initialize(instance);
    },
    calls: {
      thread: () => thread,
      options: () => options,
      twice: (text) => text + text,
      bytes: (bytes) => bytes.map((byte) => byte + 1),
      hook: (value) => exports.call_hook(value),
      throughTheTable: (value) => exports.__indirect_function_table.get(0)(value),
      asFrozen: () => Object.isFrozen(exports) && exports.call_hook.length,
      async later(value, milliseconds) {
        await sleep(milliseconds);
        return exports.call_hook(value);
      },
      /** How many of these calls were in progress at the same time. */
      async overlaps() {
        open.push(1);
        await sleep(30);
        const most = open.length;
        open.pop();
        return most;
      },
      hello: () => exports.say_hello(),
      fails() {
        class Own extends Error {
          name = 'OwnError';
        }
        throw new Own('it failed');
      },
      async rejects() {
        throw new TypeError('later it failed');
      },
      throwsText() {
        throw 'only text';
      },
      uncloneable: () => () => 1,
      nested(depth) {
        let value = [];
        while (--depth > 0) value = [value];
        return value;
      },
      /** Like glue that catches all exceptions. */
      exitAndCatch(code) {
        try {
          exports.exit(code);
        } catch {
          return 'caught';
        }
      },
      trapAndCatch() {
        try {
          exports.trap();
        } catch {
          return 'caught';
        }
      },
      spin: () => exports.spin(),
      spinInJavaScript() {
        for (;;);
      },
      leaveRejection: () => void Promise.reject(new Error('nobody looks')),
      leaveError: () =>
        void setTimeout(() => {
          throw new Error('nobody catches');
        }),
      again: () =>
        new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))).exports !==
        null,
      ticks: () => globalThis.ticks,
      startTicking: () => {
        globalThis.ticks = 0;
        setInterval(() => exports.call_hook((globalThis.ticks += 1)), 5);
      },
    },
  };
};

export { companion as default };
