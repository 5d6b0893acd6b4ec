// The coordinator's end of the protocol, controlled by a test: over a MessageChannel, so that messages are cloned and transferred as with a real worker.
import { MessageChannel } from 'node:worker_threads';

export class FakeCoordinator {
  /** Every message from the page, in order. */
  received = [];
  terminated = false;
  /** Message type → function that answers it at once. */
  on = {
    init: (message) => this.send({ t: 'ready', protocol: message.protocol }),
    sockets: ({ call }) => this.send({ t: 'done', call, value: undefined }),
    close: () => this.send({ t: 'closed', locks: [] }),
    'end-workers': () => this.send({ t: 'closed', locks: [] }),
  };
  #port;
  #waiting = [];

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port2;
    this.endpoint = {
      post: (message, transfer = []) => port1.postMessage(message, transfer),
      onmessage: null,
      onerror: null,
      terminate: () => {
        this.terminated = true;
        port1.close();
      },
    };
    port1.on('message', (message) => this.endpoint.onmessage?.(message));
    port2.on('message', (message) => {
      this.received.push(message);
      this.on[message.t]?.(message);
      this.#waiting = this.#waiting.filter((check) => !check());
    });
  }

  send(message) {
    this.#port.postMessage(message);
  }

  sent(type) {
    return this.received.filter((message) => message.t === type);
  }

  /** Resolves to the messages of one type as soon as there are `count` of them. */
  until(type, count = 1) {
    return new Promise((resolve) => {
      const check = () => {
        const found = this.sent(type);
        if (found.length >= count) resolve(found);
        return found.length >= count;
      };
      if (!check()) this.#waiting.push(check);
    });
  }

  /** Answers each spawn with "spawned". */
  spawns() {
    this.on.spawn = ({ id }) => this.send({ t: 'spawned', id, pid: 100 + id, ports: [] });
    return this;
  }

  /** Sends all messages that end a process. */
  end(id, exit = {}) {
    this.send({ t: 'exited', id, exit: { reason: 'exit', code: 0, message: '', stack: '', ...exit } });
    this.send({ t: 'end', id, fd: 1 });
    this.send({ t: 'end', id, fd: 2 });
  }

  output(id, fd, bytes) {
    this.send({ t: 'output', id, fd, bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes });
  }
}

/** A started runtime with a fake coordinator; it is closed at the end of the test. */
export async function startFake(t, { Runtime, planStart }, options = {}) {
  const fake = new FakeCoordinator().spawns();
  const loader = { base: () => 'http://page.test/folder/', load: (url) => ({ kind: 'url', url: url.href }) };
  const hf = new Runtime(fake.endpoint, loader);
  await hf.open({ kernel: 'kernel', compute: 'compute' }, planStart(options));
  t.after(() => hf.close());
  return { hf, fake };
}

/** Waits until messages in transit have arrived. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Collects unhandled errors and rejections. */
export function watchUnhandled(t) {
  const unhandled = [];
  const note = (error) => unhandled.push(error);
  process.on('unhandledRejection', note);
  t.after(() => process.off('unhandledRejection', note));
  return unhandled;
}

export const bytesOf = (length, seed = 0) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff);
