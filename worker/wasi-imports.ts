/** From a module's imports to the kernel's exports: which there are, and what to say of those that there are not. */
import { PREVIEW1, UNSTABLE } from '../build/generated/abi.ts';
import type { KernelExports } from './kernel.ts';
import type { Added } from './protocol.ts';

type Import = WebAssembly.ModuleImportDescriptor;

/** The kernel's export for an imported function; null when nobody provides it. */
function provider({ module, name, kind }: Import): string | null {
  if (kind !== 'function') return null;
  if (module === 'wasi' && name === 'thread-spawn') return 'wt_thread_spawn';
  const old = module === 'wasi_unstable';
  if (!(old || module === 'wasi_snapshot_preview1') || !Object.hasOwn(PREVIEW1, name)) return null;
  if (!old) return `p1_${name}`;
  return name === 'sock_accept' ? null : (Object.hasOwn(UNSTABLE, name) ? 'un_' : 'p1_') + name;
}

/** An object without a prototype: a hostile module may import from "__proto__", which must not reach Object's. */
export const emptyImports = <Value>(): Record<string, Value> => Object.create(null) as Record<string, Value>;

/** Bound directly: a call from the guest enters the kernel without a JavaScript frame. */
export function guestImports(
  module: WebAssembly.Module,
  kernel: KernelExports,
  memory: WebAssembly.Memory | null,
  flag: { added: Added; memory: WebAssembly.Memory } | null,
): WebAssembly.Imports {
  const imports = emptyImports<WebAssembly.ModuleImports>();
  for (const entry of WebAssembly.Module.imports(module)) {
    (imports[entry.module] ??= emptyImports())[entry.name] =
      entry.kind !== 'memory' ? kernel[provider(entry)!]! : isFlag(entry, flag?.added) ? flag!.memory : memory!;
  }
  return imports;
}

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

/** Whether the module starts threads. */
export const startsThreads = (module: WebAssembly.Module): boolean =>
  WebAssembly.Module.imports(module).some((entry) => provider(entry) === 'wt_thread_spawn');

/** Why the module cannot run as a WASI command; null if it can. Every fault is named, not just the first. */
export function refuse(module: WebAssembly.Module, added: Added | null): string | null {
  const imports = WebAssembly.Module.imports(module).filter((entry) => !isFlag(entry, added));
  const memories = imports.filter((entry) => entry.kind === 'memory');
  // One memory can be given, under any name; a second one nobody has.
  const missing = imports.filter((entry) =>
    entry.kind === 'memory' ? entry !== memories[0] : provider(entry) === null,
  );
  const exports = new Map(WebAssembly.Module.exports(module).map((entry) => [entry.name, entry.kind]));
  const faults: string[] = [];
  if (missing.length > 0) {
    const names = missing.map((entry) => `${entry.module}.${entry.name} (${entry.kind})`);
    faults.push(`it imports what nobody provides: ${names.join(', ')}`);
  }
  const reactor = exports.get('_initialize') === 'function';
  if (exports.get('_start') !== 'function') {
    faults.push(
      reactor
        ? 'it is a reactor (it exports _initialize), not a command with a function _start'
        : 'it exports no function _start, so it is no WASI command',
    );
  } else if (reactor) {
    // "These kinds are mutually exclusive; implementations should report an error" (application-abi.md).
    faults.push('it exports both _start and _initialize, so it is neither a command nor a reactor');
  }
  const threads = startsThreads(module);
  if (threads && exports.get('wasi_thread_start') !== 'function') {
    faults.push('it imports wasi.thread-spawn but exports no function wasi_thread_start for threads to begin at');
  }
  if (threads && memories.every((entry) => entry.module === added?.prefix)) {
    faults.push('it imports wasi.thread-spawn but not its memory, so threads could not share it');
  }
  // What the rewriter made an import of is still to be exported.
  const imported = memories.filter((entry) => entry.module !== added?.prefix);
  if (imported.length === 0 && exports.get('memory') !== 'memory') {
    faults.push('it exports no memory named "memory", so system calls could not reach its data');
  }
  return faults.length > 0 ? `the module cannot run: ${faults.join('; ')}` : null;
}
