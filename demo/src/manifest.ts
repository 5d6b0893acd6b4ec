/** The output of demo/build.mjs: the programs, and the hashed names of the files. */

export interface Program {
  id: string;
  title: string;
  /** Relative to the page. */
  url: string;
  /** The size of the module, uncompressed and gzipped. */
  bytes: number;
  gzip: number;
  argv0: string;
  args: string[];
  env: Record<string, string>;
  /** The program has no terminal: it runs in the background, or under the supervisor. */
  background?: boolean;
  /** Whether it gets the shared in-memory file system as "/". */
  files: boolean;
  about: string;
}

/** A program that the page of the plugins calls. */
export interface PluginProgram {
  id: string;
  url: string;
  bytes: number;
  gzip: number;
}

export interface Manifest {
  programs: Program[];
  plugins: PluginProgram[];
  /** The folder of the benchmark's files, relative to the page. */
  bench: string;
  /** The folder of the runtime's files, relative to the page. */
  runtime: string;
}

/** The page, which alone is never cached, contains the name of the manifest. */
export async function loadManifest(): Promise<Manifest> {
  const link = document.querySelector<HTMLLinkElement>('link#manifest');
  if (!link) throw new Error('the page does not say where its manifest is');
  const response = await fetch(link.href);
  if (!response.ok) throw new Error(`${link.href}: HTTP ${response.status} ${response.statusText}`.trimEnd());
  return (await response.json()) as Manifest;
}
