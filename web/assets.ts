/** Where the runtime's own files are. */
import type { Assets } from './options.js';
import { describe, tagOf } from './bytes.js';

/** What an embedder said of each file; what is missing is where it always is. */
export interface AssetOverrides {
  coordinator: URL | undefined;
  compute: URL | undefined;
  kernel: URL | undefined;
  rewrite: URL | undefined;
  supervise: URL | undefined;
}

export interface AssetNames {
  coordinator: string;
  compute: string;
  kernel: string;
  rewrite: string;
  supervise: string;
}

/** Resolves the `assets` option against `base`. Throws `TypeError`. */
export function overridesOf(assets: Assets | undefined, names: AssetNames, base: string): AssetOverrides {
  if (assets === undefined)
    return { coordinator: undefined, compute: undefined, kernel: undefined, rewrite: undefined, supervise: undefined };
  if (typeof assets === 'string' || tagOf(assets) === 'URL') {
    const folder = resolve(assets as string | URL, base);
    if (!folder.pathname.endsWith('/')) folder.pathname += '/';
    return {
      coordinator: new URL(names.coordinator, folder),
      compute: new URL(names.compute, folder),
      kernel: new URL(names.kernel, folder),
      rewrite: new URL(names.rewrite, folder),
      supervise: new URL(names.supervise, folder),
    };
  }
  if (typeof assets !== 'object' || assets === null) {
    throw new TypeError(`assets must be a URL, or an object of URLs, not ${describe(assets)}`);
  }
  const { coordinator, compute, kernel, rewrite, supervise } = assets as Exclude<Assets, string | URL>;
  const each = (url: string | URL | undefined): URL | undefined => (url === undefined ? undefined : resolve(url, base));
  return {
    coordinator: each(coordinator),
    compute: each(compute),
    kernel: each(kernel),
    rewrite: each(rewrite),
    supervise: each(supervise),
  };
}

function resolve(url: string | URL, base: string): URL {
  try {
    return new URL(url, base);
  } catch (error) {
    throw new TypeError(`assets: not a URL: ${JSON.stringify(String(url))}`, { cause: error });
  }
}
