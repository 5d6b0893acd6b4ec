/** From a module's imports to the kernel's exports: which there are, and what to say of those that there are not. */
import { PREVIEW1_NAMES, UNSTABLE_NAMES } from '../build/generated/abi.ts';
import type { GuestMessage } from '../common/guest-protocol.ts';
import { emptyImports } from '../common/memory-import.ts';
import type { ModuleFaults } from '../common/protocol.ts';
import type { Added } from '../common/worker-protocol.ts';
import type { KernelExports } from './kernel.ts';

type Import = WebAssembly.ModuleImportDescriptor;

/** The kernel's export for a function of preview 1; tools/abi.mjs says what it is called. */
export const systemCall = (name: string): string => `_${PREVIEW1_NAMES.indexOf(name)}`;

/** The kernel's export for an imported function; null when there is none. */
function provider({ module, name, kind }: Import): string | null {
  if (kind !== 'function') return null;
  if (module === 'wasi' && name === 'thread-spawn') return 'wt_thread_spawn';
  const old = module === 'wasi_unstable';
  if (!(old || module === 'wasi_snapshot_preview1') || !PREVIEW1_NAMES.includes(name)) return null;
  if (!old) return systemCall(name);
  const other = UNSTABLE_NAMES.indexOf(name);
  return name === 'sock_accept' ? null : other < 0 ? systemCall(name) : `$${other}`;
}

/** Bound directly: a call from the guest enters the kernel without a JavaScript frame. */
export function guestImports(
  module: WebAssembly.Module,
  kernel: KernelExports,
  memory: WebAssembly.Memory | null,
  flag: { added: Added; memory: WebAssembly.Memory } | null,
  /** What else there is for it: functions of its host. */
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

/** Whether it is the memory in which the kernel's order to stop stands, the last that a rewritten module imports. */
const isFlag = (entry: Import, added: Added | null | undefined): boolean =>
  added?.check === 'flag' && entry.module === added.prefix && entry.name === 'flag';

/** Whether the rewriter made an import of the memory that the module makes. */
export const makesMemory = (module: WebAssembly.Module, added: Added | null): boolean =>
  WebAssembly.Module.imports(module).some(
    (entry) => entry.kind === 'memory' && entry.module === added?.prefix && !isFlag(entry, added),
  );

/** Whether the module wants its memory from outside (under whatever name), as programs with threads do. */
export const importsMemory = (module: WebAssembly.Module): boolean =>
  WebAssembly.Module.imports(module).some((entry) => entry.kind === 'memory');

/** As many imports as a message names. */
const NAMED = 8;
/** As many names as it takes to tell what made the module, and as much of each. */
const MOST_NAMES = 64;
const cut = (name: string): string => name.slice(0, 100);

/** What keeps the module from running as a WASI command; null if it can. It lists every fault, not just the first; the page words them (web/explain.ts). */
export function faultsOf(
  module: WebAssembly.Module,
  added: Added | null,
  /** Whether the memory that it imports, if any, is shared. */
  shared: boolean,
  /** When it is called, or calls its host. */
  guest: GuestMessage | null,
): ModuleFaults | null {
  const imports = WebAssembly.Module.imports(module).filter((entry) => !isFlag(entry, added));
  const memories = imports.filter((entry) => entry.kind === 'memory');
  // One memory can be given, under any name; there is no second one to give.
  const unknown = imports.filter((entry) =>
    entry.kind === 'memory'
      ? entry !== memories[0]
      : provider(entry) === null && !isHostFunction(entry, guest?.host) && !guest?.companion,
  );
  const exports = new Map(WebAssembly.Module.exports(module).map((entry) => [entry.name, entry.kind]));
  const start = exports.get('_start') === 'function';
  // "These kinds are mutually exclusive; implementations should report an error" (application-abi.md).
  const reactor = exports.get('_initialize') === 'function';
  const startsThreads = imports.some((entry) => provider(entry) === 'wt_thread_spawn');
  // What the rewriter made an import of is still to be exported.
  const imported = memories.filter((entry) => entry.module !== added?.prefix);
  const threads = startsThreads && {
    start: exports.get('wasi_thread_start') !== 'function',
    memory: imported.length === 0,
    shared: imported.length > 0 && !shared,
  };
  const called = guest?.called === true;
  // A function that only computes needs none.
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
