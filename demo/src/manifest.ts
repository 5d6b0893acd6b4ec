/** What demo/build.mjs found: the programs, and the files' hashed names. */

export interface Program {
  id: string;
  title: string;
  /** Relative to the page. */
  url: string;
  /** Of the module, as it is and gzipped. */
  bytes: number;
  gzip: number;
  argv0: string;
  args: string[];
  env: Record<string, string>;
  /** It has no terminal: it is started in the background, or supervised. */
  background?: boolean;
  /** Whether it gets the shared in-memory file system as "/". */
  files: boolean;
  about: string;
}

export interface Manifest {
  programs: Program[];
  /** The folder of the runtime's files, relative to the page. */
  runtime: string;
}

/** The name of the manifest is in the page, which alone is never cached. */
export async function loadManifest(): Promise<Manifest> {
  const link = document.querySelector<HTMLLinkElement>('link#manifest');
  if (!link) throw new Error('the page does not say where its manifest is');
  const response = await fetch(link.href);
  if (!response.ok) throw new Error(`${link.href}: HTTP ${response.status} ${response.statusText}`.trimEnd());
  return (await response.json()) as Manifest;
}
