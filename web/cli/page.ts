/**
 * The page that runs a program for the command (see cli-remote.ts). It relays the coordinator's messages to the command and
 * back, and adds only what the page alone knows.
 */
import { toTransfer, type Endpoint } from '../../common/endpoint.js';
import type { FromCoordinator, ToCoordinator } from '../../common/protocol.js';
import { assetMessage, locateAssets, loopsOutliveWorkers, startCoordinator } from '../endpoint-web.js';
import { asError } from '../errors.js';
import { NO_JSPI, prepare } from '../single.js';
import { encodeFrame, FrameReader } from './wire.js';

/** Sends messages up in order; each request carries all messages that accumulated during the previous one. */
class Uplink {
  #queue: Uint8Array<ArrayBuffer>[] = [];
  #sending = false;

  send(message: FromCoordinator): void {
    this.#queue.push(...(encodeFrame(message) as Uint8Array<ArrayBuffer>[]));
    if (!this.#sending) void this.#flush();
  }

  async #flush(): Promise<void> {
    this.#sending = true;
    while (this.#queue.length > 0) {
      const body = new Blob(this.#queue.splice(0));
      const { ok, status } = await fetch('up', { method: 'POST', body });
      if (!ok) throw new Error(`the command no longer listens: HTTP ${status}`);
    }
    this.#sending = false;
  }
}

/** The bytes that move to the coordinator with a message (in some messages, `bytes` is a number). */
function transferOf(message: ToCoordinator): ArrayBuffer[] {
  const { bytes } = (message.t === 'fs' ? message.request : message) as { bytes?: unknown };
  return bytes instanceof Uint8Array ? toTransfer(bytes as Uint8Array<ArrayBuffer>) : [];
}

class Relay {
  readonly #up = new Uplink();
  #coordinator: Endpoint<ToCoordinator, FromCoordinator> | undefined;
  /** Whether programs share a worker, because the page is not isolated. */
  #single = false;

  async run(): Promise<void> {
    addEventListener('error', (event) => this.#fatal(event.message));
    addEventListener('unhandledrejection', (event) => this.#fatal(asError(event.reason).message));
    const { body } = await fetch('down');
    const messages = new FrameReader<ToCoordinator>();
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const message of messages.push(value)) this.#fromCommand(message);
    }
    this.#coordinator?.post({ t: 'close' }); // the command has gone
  }

  #fatal(message: string): void {
    this.#up.send({ t: 'fatal', message });
  }

  #fromCommand(message: ToCoordinator): void {
    switch (message.t) {
      case 'init': {
        const assets = locateAssets(undefined);
        if (!crossOriginIsolated) {
          if (!prepare({}, false, assets, message))
            return this.#fatal(`this browser cannot start without isolation: ${NO_JSPI}`);
          this.#single = true;
        }
        const coordinator = this.#start(startCoordinator(assets));
        return coordinator.post({ ...message, assets: assetMessage(assets), lock: coordinator.lock ?? '' });
      }
      case 'spawn': {
        const { interruptible } = message;
        const possible = interruptible !== 'if-possible' || this.#single || loopsOutliveWorkers();
        return this.#coordinator?.post({ ...message, interruptible: possible && interruptible });
      }
      default:
        this.#coordinator?.post(message, transferOf(message));
    }
  }

  #start(coordinator: Endpoint<ToCoordinator, FromCoordinator>): Endpoint<ToCoordinator, FromCoordinator> {
    coordinator.onmessage = (message) =>
      message.t === 'closed' ? void this.#end(coordinator, message.locks) : this.#up.send(message);
    coordinator.onerror = (error, gone) => {
      this.#fatal(error.message);
      if (gone) void this.#end(coordinator, []);
    };
    return (this.#coordinator = coordinator);
  }

  /** Only a page can wait for locks, so the command gets `closed` when all workers are gone. */
  async #end(coordinator: Endpoint<ToCoordinator, FromCoordinator>, locks: readonly string[]): Promise<void> {
    coordinator.onerror = null;
    coordinator.terminate();
    await coordinator.gone?.(locks);
    this.#up.send({ t: 'closed', locks: [] });
  }
}

void new Relay().run();
