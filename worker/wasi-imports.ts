/** Binds a module's imports to the kernel's exports, and reports unknown imports. */
import { PREVIEW1_NAMES, UNSTABLE_NAMES } from '../build/generated/abi.ts';
import type { GuestMessage } from '../common/guest-protocol.ts';
import { emptyImports } from '../common/memory-import.ts';
import type { ModuleFaults } from '../common/protocol.ts';
import type { Added } from '../common/worker-protocol.ts';
import type { KernelExports } from './kernel.ts';

type Import = WebAssembly.ModuleImportDescriptor;

/** The names of the kernel's exports for thread-spawn and for a preview 1 function; tools/abi.mjs defines the scheme. */
export const THREAD_SPAWN = '_t';
export const systemCall = (name: string): string => `_${PREVIEW1_NAMES.indexOf(name)}`;

/** The name of the kernel's export for an imported function, or null if there is none. */
function provider({ module, name, kind }: Import): string | null {
  if (kind !== 'function') return null;
  if (module === 'wasi' && name === 'thread-spawn') return THREAD_SPAWN;
  const old = module === 'wasi_unstable';
  if (!(old || module === 'wasi_snapshot_preview1') || !PREVIEW1_NAMES.includes(name)) return null;
  if (!old) return systemCall(name);
  const other = UNSTABLE_NAMES.indexOf(name);
  return name === 'sock_accept' ? null : other < 0 ? systemCall(name) : `$${other}`;
}

/** The guest's import object. System calls are bound directly: a call from the guest enters the kernel without a JavaScript frame. */
export function guestImports(
  module: WebAssembly.Module,
  kernel: KernelExports,
  memory: WebAssembly.Memory | null,
  flag: { added: Added; memory: WebAssembly.Memory } | null,
  /** Provides other imports, for example host functions. */
  others: OtherImports,
): WebAssembly.Imports {
  const imports = emptyImports<WebAssembly.ModuleImports>();
  for (const entry of WebAssembly.Module.imports(module)) {
    (imports[entry.module] ??= emptyImports())[entry.name] =
      entry.kind !== 'memory'
        ? (others?.(entry) ?? kernel[provider(entry)!]!)
        : isFlag(entry, flag?.added)
          ? flag!.memory
          : memory!;
  }
  return imports;
}

export type OtherImports = ((entry: Import) => WebAssembly.ImportValue | undefined) | undefined;

export const isHostFunction = ({ module, name, kind }: Import, host: GuestMessage['host'] | undefined): boolean =>
  kind === 'function' && host?.some((entry) => entry.module === module && (entry.late || entry.name === name)) === true;

/** Whether the import is the memory with the kernel's order to stop: the last memory that a rewritten module imports. */
const isFlag = (entry: Import, added: Added | null | undefined): boolean =>
  added?.check === 'flag' && entry.module === added.prefix && entry.name === 'flag';

/** Whether the rewriter turned the memory that the module defines into an import. */
export const makesMemory = (module: WebAssembly.Module, added: Added | null): boolean =>
  WebAssembly.Module.imports(module).some(
    (entry) => entry.kind === 'memory' && entry.module === added?.prefix && !isFlag(entry, added),
  );

/** Whether the module imports its memory (under any name), as programs with threads do; not counting one that the rewriter turned into an import. */
export const importsMemory = (module: WebAssembly.Module, added: Added | null = null): boolean =>
  WebAssembly.Module.imports(module).some((entry) => entry.kind === 'memory' && entry.module !== added?.prefix);

/** How many imports an error message lists. */
const NAMED = 8;
/** How many names are sent to the page, which recognizes the module's toolchain by them. */
const MOST_NAMES = 64;
const cut = (name: string): string => name.slice(0, 100);

/** Lists every reason why the module cannot run as a WASI command, not just the first; null if it can run. The page turns them into a message (web/explain.ts). */
export function faultsOf(
  module: WebAssembly.Module,
  added: Added | null,
  /** Whether the memory that it imports, if any, is shared. */
  shared: boolean,
  /** Set if the guest serves calls or has host functions. */
  guest: GuestMessage | null,
): ModuleFaults | null {
  const imports = WebAssembly.Module.imports(module).filter((entry) => !isFlag(entry, added));
  const memories = imports.filter((entry) => entry.kind === 'memory');
  // The runtime provides one memory, under any name.
  const unknown = imports.filter((entry) =>
    entry.kind === 'memory'
      ? entry !== memories[0]
      : provider(entry) === null && !isHostFunction(entry, guest?.host) && !guest?.companion,
  );
  const exports = new Map(WebAssembly.Module.exports(module).map((entry) => [entry.name, entry.kind]));
  const start = exports.get('_start') === 'function';
  // "These kinds are mutually exclusive; implementations should report an error" (application-abi.md).
  const reactor = exports.get('_initialize') === 'function';
  const startsThreads = imports.some((entry) => provider(entry) === THREAD_SPAWN);
  // A memory that the rewriter turned into an import must still be exported.
  const imported = memories.filter((entry) => entry.module !== added?.prefix);
  const threads = startsThreads && {
    start: exports.get('wasi_thread_start') !== 'function',
    memory: imported.length === 0,
    shared: imported.length > 0 && !shared,
  };
  const called = guest?.called === true;
  // A module without imported functions only computes, and needs no memory.
  const needsMemory = !called || imports.some(({ kind }) => kind === 'function');
  const memory = needsMemory && imported.length === 0 && exports.get('memory') !== 'memory';
  const runs = called ? guest.companion || reactor || !start || guest.entry !== undefined : start && !reactor;
  if (unknown.length === 0 && runs && !memory && !(threads && (threads.start || threads.memory || threads.shared)))
    return null;
  return {
    missing: unknown.slice(0, NAMED).map((entry) => `${cut(entry.module)}.${cut(entry.name)} (${entry.kind})`),
    unknown: unknown.length,
    modules: [...new Set(imports.map((entry) => cut(entry.module)))].slice(0, MOST_NAMES),
    exports: [...exports.keys()].slice(0, MOST_NAMES).map(cut),
    called,
    start,
    reactor,
    threads,
    memory,
  };
}
