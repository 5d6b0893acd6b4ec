/** Content-Security-Policies as far as they keep the runtime from starting: the page's, and those of the workers' scripts. */
import type { Problem } from './errors.js';

/** What the page's policy, of a header or of a meta element, forbids from the construction of this on. */
export class Violations {
  readonly #found = new Map<string, { problem: Problem; url: string }>();

  constructor() {
    globalThis.addEventListener('securitypolicyviolation', this.#onViolation);
  }

  /** Starts the script as a worker and ends it at once, for the browser to say whether the policy allows that. */
  async tryWorker(url: URL): Promise<void> {
    let worker: Worker | undefined;
    try {
      worker = new Worker(url, { type: 'module' });
      worker.onerror = (event) => event.preventDefault(); // what is wrong with the file is found out by a fetch
    } catch {
      // Some browsers throw, others report an event; the violation is reported either way.
    }
    // In a task of its own, after the request that was refused has failed.
    await new Promise((resolve) => setTimeout(resolve, 50));
    worker?.terminate();
  }

  /** Whether something was forbidden that has this URL. */
  concern({ href }: URL): boolean {
    return [...this.#found.values()].some(({ url }) => url === href);
  }

  /** What was forbidden until now; from now on nothing is noticed. */
  problems(): Problem[] {
    globalThis.removeEventListener('securitypolicyviolation', this.#onViolation);
    return [...this.#found.values()].map(({ problem }) => problem);
  }

  readonly #onViolation = (event: Event): void => {
    const { effectiveDirective: directive, blockedURI: url } = event as SecurityPolicyViolationEvent;
    // Compiling WebAssembly has no URL, and is tried by itself.
    if (!/^(connect|worker|child|script)-src/.test(directive) || !URL.canParse(url)) return;
    const { origin } = new URL(url);
    const problem = {
      what: `The Content-Security-Policy of this page forbids ${url} by its ${directive}.`,
      why: 'The runtime fetches its files and starts workers.',
      fix: `Add ${origin === location.origin ? "'self'" : origin} to ${directive}.`,
    };
    this.#found.set(`${directive} ${url}`, { problem, url });
  };
}

/** What the policy that came with a worker's script forbids that worker, which goes by it and not by the page's. */
export function problemsOfPolicy({ href }: URL, headers: Headers): Problem[] {
  const directives = parse(headers.get('content-security-policy') ?? '');
  const sourcesOf = (...names: string[]): string[] | undefined =>
    names.map((name) => directives.get(name)).find((sources) => sources !== undefined);
  const scripts = sourcesOf('script-src', 'default-src');
  const mayCompile = !scripts || ["'wasm-unsafe-eval'", "'unsafe-eval'"].some((source) => scripts.includes(source));
  const lacks: [directive: string, source: string][] = [];
  if (!mayCompile) lacks.push(['script-src', "'wasm-unsafe-eval'"]);
  if (!allowSelf(sourcesOf('connect-src', 'default-src'))) lacks.push(['connect-src', "'self'"]);
  if (!allowSelf(sourcesOf('worker-src', 'child-src', 'script-src', 'default-src')))
    lacks.push(['worker-src', "'self'"]);
  return lacks.map(([directive, source]) => ({
    what: `The Content-Security-Policy of ${href} has no ${source} in ${directive}.`,
    why: 'A worker goes by the policy that came with its own script.',
    fix: `Add ${source} to ${directive} in the response for that file, or send it without a policy.`,
  }));
}

const allowSelf = (sources: string[] | undefined): boolean =>
  !sources || sources.some((source) => source === '*' || source === "'self'" || location.origin.startsWith(source));

/** Directive → its sources. Of one that stands there twice the first counts; several policies of one response are taken as one. */
function parse(policy: string): Map<string, string[]> {
  const directives = new Map<string, string[]>();
  for (const part of policy.split(/[;,]/)) {
    const [name = '', ...sources] = part.trim().toLowerCase().split(/\s+/);
    if (name && !directives.has(name)) directives.set(name, sources);
  }
  return directives;
}
