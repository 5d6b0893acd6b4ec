/** From a module's imports to the kernel's exports: which there are, and what to say of those that there are not. */
import { PREVIEW1 } from '../build/generated/abi.ts';
import type { KernelExports } from './kernel.ts';

/** The module names of WASI's editions, and the prefix of the kernel's exports for each. */
const editions: Record<string, string> = { wasi_snapshot_preview1: 'p1_', wasi_unstable: 'un_' };

const provides = (module: string, name: string): boolean =>
  module in editions && name in PREVIEW1 && !(module === 'wasi_unstable' && name === 'sock_accept');

/** Bound directly: a call from the guest enters the kernel without a JavaScript frame. */
export function wasiImports(module: WebAssembly.Module, kernel: KernelExports): WebAssembly.Imports {
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = kernel[editions[from] + name]!;
  }
  return imports;
}

/** Why the module cannot run as a WASI command; null if it can. Every fault is named, not just the first. */
export function refuse(module: WebAssembly.Module): string | null {
  const missing = WebAssembly.Module.imports(module).filter(
    (entry) => entry.kind !== 'function' || !provides(entry.module, entry.name),
  );
  const exports = new Map(WebAssembly.Module.exports(module).map((entry) => [entry.name, entry.kind]));
  const faults: string[] = [];
  if (missing.length > 0) {
    const names = missing.map((entry) => `${entry.module}.${entry.name} (${entry.kind})`);
    faults.push(`it imports what nobody provides: ${names.join(', ')}`);
  }
  if (exports.get('_start') !== 'function') {
    const reactor = exports.get('_initialize') === 'function';
    faults.push(
      reactor
        ? 'it is a reactor (it exports _initialize), not a command with a function _start'
        : 'it exports no function _start, so it is no WASI command',
    );
  }
  if (exports.get('memory') !== 'memory')
    faults.push('it exports no memory named "memory", so system calls could not reach its data');
  return faults.length > 0 ? `the module cannot run: ${faults.join('; ')}` : null;
}
