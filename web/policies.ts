/** Content-Security-Policies that prevent the runtime from starting: the page's, and those of the workers' scripts. */
import type { Problem } from './errors.js';

/** Records violations of the page's policy (from a header or a meta element), from its construction on. */
export class Violations {
  readonly #found = new Map<string, { problem: Problem; url: string }>();

  constructor() {
    globalThis.addEventListener('securitypolicyviolation', this.#onViolation);
  }

  /** Starts the script as a worker and ends it at once, so that the browser reports whether the policy allows it. */
  async tryWorker(url: URL): Promise<void> {
    let worker: Worker | undefined;
    try {
      worker = new Worker(url, { type: 'module' });
      worker.onerror = (event) => event.preventDefault(); // a fetch finds out what is wrong with the file
    } catch {
      // Some browsers throw, others fire an event; both report the violation.
    }
    // Waits for a later task, after the refused request has failed.
    await new Promise((resolve) => setTimeout(resolve, 50));
    worker?.terminate();
  }

  /** Whether a violation concerns this URL. */
  concern({ href }: URL): boolean {
    return [...this.#found.values()].some(({ url }) => url === href);
  }

  /** Returns the violations so far, and stops recording. */
  problems(): Problem[] {
    globalThis.removeEventListener('securitypolicyviolation', this.#onViolation);
    return [...this.#found.values()].map(({ problem }) => problem);
  }

  readonly #onViolation = (event: Event): void => {
    const { effectiveDirective: directive, blockedURI: url } = event as SecurityPolicyViolationEvent;
    // Compiling WebAssembly has no URL, and is tested separately.
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

/** A worker follows the policy that was sent with its own script, not the page's: returns what that policy forbids. */
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
    why: 'A worker uses the policy that came with its own script.',
    fix: `Add ${source} to ${directive} in the response for that file, or send it without a policy.`,
  }));
}

const allowSelf = (sources: string[] | undefined): boolean =>
  !sources || sources.some((source) => source === '*' || source === "'self'" || location.origin.startsWith(source));

/**
 * Maps each directive to its sources. The first of duplicate directives counts; several policies of one response are
 * merged.
 */
function parse(policy: string): Map<string, string[]> {
  const directives = new Map<string, string[]>();
  for (const part of policy.split(/[;,]/)) {
    const [name = '', ...sources] = part.trim().toLowerCase().split(/\s+/);
    if (name && !directives.has(name)) directives.set(name, sources);
  }
  return directives;
}
