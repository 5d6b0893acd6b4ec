/**
 * A runtime in a headless browser, with the same `Holdfast` interface as one in this process. It is a separate file,
 * loaded for `--host BROWSER`.
 */
import { fileURLToPath } from 'node:url';
import type { Endpoint } from '../../common/endpoint.js';
import { FILES } from '../../common/files.js';
import type { FromCoordinator, ToCoordinator } from '../../common/protocol.js';
import type { Holdfast, Runtime } from '../holdfast.js';
import { planStart, type StartOptions } from '../options.js';
import { BrowserError, type BrowserName } from './browsers.js';
import { startBrowser } from './launch.js';
import { PageServer } from './server.js';

export interface RemoteRuntime {
  hf: Holdfast;
  /** Returns a URL at which the page can fetch a file of this machine. */
  publish(file: string): string;
  /** Closes the runtime, ends the browser, and removes the browser's files. */
  close(): Promise<void>;
}

/** How long a browser may take until its page connects, and then until the coordinator runs, in milliseconds. */
const LAUNCH_TIME = 60_000;

/** How long a browser whose page went away may take to exit, in milliseconds. */
const GONE_TIME = 1000;

/**
 * Starts the browser, and in its page a coordinator. The page (page.ts) relays the coordinator's messages, so that this
 * side runs the same code as a page. Throws `BrowserError`, `StartFailed`.
 */
export async function startRemote(
  name: BrowserName,
  options: StartOptions,
  /** The caller's, so that it recognizes the errors. */
  RuntimeClass: typeof Runtime,
): Promise<RemoteRuntime> {
  const dist = fileURLToPath(new URL('.', import.meta.url));
  const server = new PageServer<ToCoordinator, FromCoordinator>(dist, options.isolation !== 'none');
  const url = await server.listen();
  const browser = await startBrowser(name, server.entrance).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await Promise.all([server.close(), browser.stop()]);
  };
  const endpoint: Endpoint<ToCoordinator, FromCoordinator> = {
    post: (message) => server.post(message),
    onmessage: null,
    onerror: null,
    terminate: () => undefined,
  };
  const fail = (text: string): void => endpoint.onerror?.(new BrowserError(text), true);
  const failAfter = (what: string): NodeJS.Timeout =>
    setTimeout(() => fail(`${what} in ${LAUNCH_TIME / 1000} s`), LAUNCH_TIME);
  let late = failAfter(`${name} was started, but its page did not connect`);
  server.oncall = () => {
    clearTimeout(late);
    late = failAfter(`${name} and its page were started, but the coordinator did not answer`);
  };
  server.onintruder = () => fail(`another program used the key of the page in ${name}: its results cannot be trusted`);
  server.onmessage = (message) => endpoint.onmessage?.(message);
  // The end of the whole browser explains more, and may follow a moment later.
  server.ongone = () => setTimeout(() => fail(`the page in ${name} was closed`), GONE_TIME);
  void browser.ended.then((why) => {
    clearTimeout(late);
    fail(why);
  });
  const hf = new RuntimeClass(endpoint, {
    base: () => url,
    load: (program) => ({ kind: 'url', url: program.href }),
    interrupts: true, // the page knows its engine, and decides
  });
  try {
    await hf.open(FILES, planStart({ startTimeout: 0, ...options })); // the page knows where they are
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(late);
  }
  return {
    hf,
    publish: (file) => server.publish(file),
    async close() {
      // Not awaited: Chromium lets a killed loop continue for 2 s, and ending the browser ends it too.
      void hf.close();
      await stop();
    },
  };
}
