/**
 * Finds out what prevents the runtime from starting in this page, and how to fix it. It is used before `start()`, and
 * to explain why `start()` failed. It is a separate file that is loaded only for that.
 */
import { AT_START, FILES } from '../common/files.js';
import type { AssetName, Located } from './assets.js';
import type { StartOptions } from './options.js';
import { asError, type Problem } from './errors.js';
import { problemsOfPolicy, Violations } from './policies.js';

export type { Problem };

/** Whether the runtime can start here and, if not, why not. */
export interface Diagnosis {
  /** True when no problem was found. */
  ok: boolean;
  /**
   * How programs would run: each in a worker of its own ("workers"), or all in one ("single"), because the page is not cross-origin isolated; null if the
   * runtime cannot start.
   */
  mode: 'workers' | 'single' | null;
  /** Every problem that keeps the runtime from starting, with its fix. */
  problems: Problem[];
  /** What keeps the page from having the mode "workers", if its mode is "single". */
  lacks: Problem[];
}

/** Examines the page and the files that `locate` finds. Never rejects. */
export async function diagnosis(
  options: Pick<StartOptions, 'assets' | 'isolation'>,
  locate: () => Located,
): Promise<Diagnosis> {
  const outcome = (problems: Problem[], mode: 'workers' | 'single', lacks: Problem[] = []): Diagnosis => {
    const ok = problems.length === 0;
    return { ok, mode: ok ? mode : null, problems, lacks: ok ? lacks : [] };
  };
  const place = [...origin(), ...insecure()];
  if (place.length > 0) return outcome(place, 'workers'); // no other check works from here
  const { prepare } = await import('./single.js');
  let single = false;
  const locateAll = (): Located => {
    const located = locate();
    single = prepare(options, isIsolated(), located, { force: {} as never });
    return located;
  };
  const violations = new Violations();
  const page = await headersOf(location.href);
  const own = await files(locateAll, page, violations, () => single);
  const [ours, others] = await Promise.all([engine(), isolation(page)]);
  const problems = [...ours, ...(single ? [] : others), ...own, ...violations.problems()];
  return single ? outcome(problems, 'single', others) : outcome(problems, 'workers');
}

const WHY_ISOLATED =
  'Programs that block need memory that threads share, and browsers give that only to cross-origin isolated pages.';
const WHY_WASM = 'The runtime and the programs that it runs are WebAssembly.';

/** `(module)`, and `(module (memory 1 1 shared))`. */
const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const SHARED_MEMORY_MODULE = new Uint8Array([...EMPTY_MODULE, 5, 4, 1, 3, 1, 1]);

const isIsolated = (): boolean => globalThis.crossOriginIsolated === true;

async function engine(): Promise<Problem[]> {
  if (typeof Worker === 'undefined') {
    return [
      { what: 'This browser has no workers here.', why: 'Programs run in workers.', fix: 'Call it from a page.' },
    ];
  }
  if (typeof WebAssembly === 'undefined') {
    const fix = 'Use another browser, or switch WebAssembly on (some browsers switch it off in a hardened mode).';
    return [{ what: 'This browser has no WebAssembly.', why: WHY_WASM, fix }];
  }
  try {
    await WebAssembly.compile(EMPTY_MODULE);
  } catch (error) {
    return [
      {
        what: `This page may not compile WebAssembly: ${asError(error).message}`,
        why: WHY_WASM,
        fix: "If the page has a Content-Security-Policy, add 'wasm-unsafe-eval' to its script-src, for the page and for the responses of coordinator.js and compute.js.",
      },
    ];
  }
  if (isIsolated() && !WebAssembly.validate(SHARED_MEMORY_MODULE)) {
    const what = 'The WebAssembly of this browser has no threads.';
    return [{ what, why: 'Programs run in workers on one shared memory.', fix: 'Use a newer browser.' }];
  }
  return [];
}

/** Problems of a page that has no origin of its own, or whose origin cannot start workers, whatever its headers are. */
function origin(): Problem[] {
  const why = 'The runtime starts workers, and their scripts must be of the origin of the page.';
  if (location.protocol === 'file:') {
    const what = 'This page was opened from a file.';
    return [{ what, why: WHY_ISOLATED, fix: 'Serve it over HTTP from localhost, with the COOP and COEP headers.' }];
  }
  if (location.protocol === 'data:') {
    const what = 'This page is a data: URL, which has an opaque origin.';
    return [{ what, why, fix: 'Serve it over HTTP.' }];
  }
  if (globalThis.origin === 'null') {
    return [
      {
        what: 'This page has an opaque origin: it is in a frame with a sandbox attribute, or came with the directive "sandbox" of a Content-Security-Policy.',
        why,
        fix: 'Add allow-same-origin to the sandbox, beside allow-scripts.',
      },
    ];
  }
  return [];
}

/** Without a secure context there is neither shared memory nor a lock, by which workers and their ends are recognized. */
function insecure(): Problem[] {
  if (globalThis.isSecureContext) return [];
  const what = `This page is not a secure context: it came over ${location.protocol}//${location.host}.`;
  return [{ what, why: WHY_ISOLATED, fix: 'Serve it over https:, or from http://localhost while developing.' }];
}

async function isolation(headers: Headers | undefined): Promise<Problem[]> {
  if (isIsolated()) return [];
  if (!headers) return [missing(COOP, undefined), missing(COEP, undefined)];
  const problems = [COOP, COEP].flatMap((header) => {
    const value = headers.get(header.name);
    return value !== null && header.right.test(value) ? [] : [missing(header, value)];
  });
  const policy = headers.get(DIP.name);
  if (policy !== null) problems.unshift(documentPolicyIgnored(policy));
  return problems.length > 0 ? problems : [isolationRefused()];
}

interface Header {
  name: string;
  right: RegExp;
  value: string;
}

const COOP: Header = { name: 'Cross-Origin-Opener-Policy', right: /^\s*same-origin\s*(;|$)/, value: 'same-origin' };
const COEP: Header = {
  name: 'Cross-Origin-Embedder-Policy',
  right: /^\s*(require-corp|credentialless)\s*(;|$)/,
  value: 'require-corp',
};

/** Isolates only the document, in browsers that support it (Chromium 137). Worker scripts then need no header. */
const DIP: Header = {
  name: 'Document-Isolation-Policy',
  right: /^\s*isolate-and-(require-corp|credentialless)\s*(;|$)/,
  value: 'isolate-and-require-corp',
};

function documentPolicyIgnored(value: string): Problem {
  const right = DIP.right.test(value);
  return {
    what: right
      ? `The response for this page says "${DIP.name}: ${value}", which this browser does not act upon.`
      : `The response for this page says "${DIP.name}: ${value}", not "${DIP.value}".`,
    why: WHY_ISOLATED,
    fix: right
      ? `Chromium 137 and newer know that header on desktops; for other browsers send "${COOP.name}: ${COOP.value}" and "${COEP.name}: ${COEP.value}".`
      : `Send "${DIP.name}: ${DIP.value}", or the two headers that all browsers know.`,
  };
}

/** `value`: the header's value, null if it was not sent, undefined if that is unknown. */
function missing({ name, value: wanted }: Header, value: string | null | undefined): Problem {
  const what =
    value === undefined
      ? `This page is not cross-origin isolated; its headers cannot be read. It needs "${name}: ${wanted}".`
      : value === null
        ? `The header "${name}: ${wanted}" is missing in the response for this page.`
        : `The response for this page says "${name}: ${value}", not "${wanted}".`;
  return { what, why: WHY_ISOLATED, fix: `Send "${name}: ${wanted}" with the page (and with its worker scripts).` };
}

function isolationRefused(): Problem {
  const framed = typeof window !== 'undefined' && window.top !== window.self;
  return {
    what: framed
      ? 'This page sends the right headers, but it is in a frame that is not cross-origin isolated.'
      : 'The server sends the right headers, but this page was loaded without them, or may not use them.',
    why: WHY_ISOLATED,
    fix: framed
      ? 'The page around it must be cross-origin isolated too, and the frame must have allow="cross-origin-isolated".'
      : 'Reload the page; look for a "Permissions-Policy: cross-origin-isolated=()" header and for a service worker that answers from an old cache.',
  };
}

const WHY_FILES = `The runtime consists of ${Object.values(FILES).join(', ')}.`;

/**
 * All missing files form one problem, because they have one cause. Files that are loaded later are not reported on
 * their own.
 */
async function files(
  locate: () => Located,
  page: Headers | undefined,
  violations: Violations,
  single: () => boolean,
): Promise<Problem[]> {
  let located: Located;
  try {
    located = locate();
  } catch (error) {
    const fix = 'Pass the URL of the folder that holds the files of this package in the option "assets".';
    return [{ what: asError(error).message, why: 'The runtime loads its other files from there.', fix }];
  }
  const embedder = !single() && needsEmbedderPolicy(page);
  const entries = Object.entries(located) as [AssetName, URL][];
  const found = await Promise.all(
    entries.map(async ([name, url]) => ({ name, url, ...(await lookAt(url, name, embedder)) })),
  );
  await violations.tryWorker(located.coordinator);
  const missing = found.filter(({ url, missing }) => missing !== undefined && !violations.concern(url));
  const others = found.flatMap(({ problems }) => problems ?? []);
  if (!missing.some(({ name }) => (AT_START as readonly AssetName[]).includes(name))) return others;
  const what = `Files of the runtime are missing: ${missing.map(({ url, missing }) => `${url.href} (${missing})`).join(', ')}.`;
  return [{ what, why: WHY_FILES, fix: likelyFix(missing.map(({ url }) => url)) }, ...others];
}

/** The URLs show which bundler is at fault. */
function likelyFix(missing: URL[]): string {
  if (missing.some((url) => /\/\.vite\/|[?&]v=[0-9a-f]{8}/.test(url.href)))
    return "Vite has pre-bundled this package, without its files: add holdfast() from 'holdfast/vite' to the plugins of vite.config.js, or optimizeDeps: { exclude: ['holdfast'] }.";
  if (missing.some(({ protocol }) => protocol === 'file:'))
    return 'The bundler left the path of this package on the build machine in the script: copy the files from node_modules/holdfast/dist to the server, and pass the URL of their folder in the option "assets".';
  return 'Put them beside the script of this package. A bundler that does not copy them (esbuild, Rollup) needs a step that does, from node_modules/holdfast/dist; or pass the URL of the folder that has them in the option "assets".';
}

/** Whether worker scripts need COEP: if that header isolates the page, not Document-Isolation-Policy. */
const needsEmbedderPolicy = (page: Headers | undefined): boolean =>
  !isIsolated() || !page || COEP.right.test(page.get(COEP.name) ?? '') || !DIP.right.test(page.get(DIP.name) ?? '');

const SCRIPT_TYPE = /^\s*(text|application)\/(x-)?(java|ecma)script\b/i;

interface Found {
  missing?: string;
  problems?: Problem[];
}

async function lookAt(url: URL, name: AssetName, embedder: boolean): Promise<Found> {
  const isScript = FILES[name].endsWith('.js');
  const problem = (what: string, fix: string): Found => ({ problems: [{ what, why: WHY_FILES, fix }] });
  const response = await head(url.href).catch(asError);
  if (response instanceof Error) return { missing: response.message };
  if (!response.ok) return { missing: `HTTP ${response.status} ${response.statusText}`.trimEnd() };
  const type = response.headers.get('content-type') ?? 'none';
  if (/\bhtml\b/i.test(type)) return { missing: 'an HTML page is there' };
  if (isScript && !SCRIPT_TYPE.test(type)) {
    return problem(
      `${url.href} has the content type "${type}", which no browser runs as a script.`,
      'Send it as text/javascript.',
    );
  }
  const isOwn = url.origin === location.origin;
  if (isScript && isOwn && embedder && !COEP.right.test(response.headers.get(COEP.name) ?? '')) {
    return problem(
      `The header "${COEP.name}: ${COEP.value}" is missing in the response for ${url.href}.`,
      'Send it with worker scripts too: a browser refuses to start a worker without it in an isolated page.',
    );
  }
  if (isScript && name !== 'supervise' && !isOwn && !(await startsBlobs())) {
    return problem(
      `${url.href} is on another origin than the page, so a worker from a blob: URL must load it, and this page may not start one.`,
      `Add blob: and ${url.origin} to worker-src in the Content-Security-Policy, or serve the file from the origin of the page and say so in the option "assets".`,
    );
  }
  return isScript && isOwn ? { problems: problemsOfPolicy(url, response.headers) } : {};
}

/**
 * Whether a worker can be started from a blob:. Tested again for each file, because this is rare and only for an
 * explanation.
 */
async function startsBlobs(): Promise<boolean> {
  const url = URL.createObjectURL(new Blob(['postMessage(0)'], { type: 'text/javascript' }));
  try {
    const worker = new Worker(url, { type: 'module' });
    const starts = await new Promise<boolean>((resolve) => {
      worker.onmessage = () => resolve(true);
      worker.onerror = () => resolve(false);
    });
    worker.terminate();
    return starts;
  } catch {
    return true; // for another reason
  } finally {
    URL.revokeObjectURL(url);
  }
}

const headersOf = (url: string): Promise<Headers | undefined> =>
  head(url).then(
    (response) => response.headers,
    () => undefined,
  );

/** A server that does not answer for this many milliseconds is a problem too. */
const FETCH_TIME = 10_000;

/** Some servers do not support HEAD; then the body of a GET is discarded. */
async function head(url: string): Promise<Response> {
  const how = { cache: 'no-store', signal: AbortSignal.timeout(FETCH_TIME) } as const;
  const response = await fetch(url, { ...how, method: 'HEAD' });
  if (response.status !== 405 && response.status !== 501) return response;
  const whole = await fetch(url, how);
  await whole.body?.cancel();
  return whole;
}
