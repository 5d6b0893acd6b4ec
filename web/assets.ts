/** Locates the runtime's own files. */
import { FILES } from '../common/files.js';
import { tagOf, wrong } from './bytes.js';
import { address, Unclear } from './check.js';
import { StartFailed } from './errors.js';

/** The name of one of the runtime's files. */
export type AssetName = keyof typeof FILES;

/**
 * The location of the runtime's files: the URL of the folder that holds them, or the URL of each file that is not
 * beside the script.
 */
export type Assets = string | URL | { readonly [Name in AssetName]?: string | URL | undefined };

export type Located = Record<AssetName, URL>;

export const assetNames = Object.keys(FILES) as AssetName[];

/**
 * `here` returns the URL of each file beside the script; `nameOf` returns a file's name in the folder of the option. Throws
 * `TypeError` for an invalid option, and `StartFailed` when the script does not know its own URL.
 */
export function locate(
  assets: Assets | undefined,
  base: string,
  here: Readonly<Record<AssetName, () => URL>>,
  nameOf = (file: string): string => file,
): Located {
  const where = locator(assets, base, nameOf);
  // Next replaces `new URL` with a path on the page's server, so it must be resolved again.
  return Object.fromEntries(
    assetNames.map((name) => [name, where(name) ?? new URL(beside(here[name]), base)]),
  ) as Located;
}

function locator(
  assets: Assets | undefined,
  base: string,
  nameOf: (file: string) => string,
): (name: AssetName) => URL | undefined {
  if (assets === undefined) return () => undefined;
  if (typeof assets === 'string' || tagOf(assets) === 'URL') {
    const folder = address(assets as string | URL, base, 'assets');
    if (!folder.pathname.endsWith('/')) folder.pathname += '/';
    return (name) => new URL(nameOf(FILES[name]), folder);
  }
  if (typeof assets !== 'object' || assets === null) {
    throw wrong('assets', 'a URL, or an object of URLs', assets);
  }
  for (const name of Object.keys(assets)) if (!(name in FILES)) throw new Unclear('assets', 'assets', name);
  return (name) => {
    const url = (assets as Exclude<Assets, string | URL>)[name];
    return url === undefined ? undefined : address(url, base, `assets.${name}`);
  };
}

/** In a bundle that is not a module, `import.meta.url` is undefined. */
function beside(url: () => URL): URL {
  try {
    return url();
  } catch (error) {
    throw new StartFailed(
      'a script that is not an ES module does not know its own URL: copy the files from node_modules/holdfast/dist to the server, and pass the URL of their folder in the option "assets"',
      [],
      { cause: error },
    );
  }
}

/** The URLs in the form in which they are sent to the coordinator. */
export const hrefs = (located: Located): Record<AssetName, string> =>
  Object.fromEntries(assetNames.map((name) => [name, located[name].href])) as Record<AssetName, string>;
