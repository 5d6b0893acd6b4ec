/**
 * The memory that a module imports (wasi-threads programs do). JavaScript's reflection says that there is one, but not how large it must be; that stands in
 * the module's import section, near its beginning.
 */

import { WASM_PAGES_MAX } from '../build/generated/layouts.ts';
import { IMPORTS, Reader, TAGS, type MemoryType } from './module-bytes.ts';

/** The type of the first memory that the module imports; null when it imports none. Throws a RangeError when the bytes do not reach that far. */
export function importedMemory(bytes: Uint8Array): MemoryType | null {
  const reader = new Reader(bytes);
  for (;;) {
    const id = reader.byte();
    const size = reader.leb();
    if (id !== IMPORTS) {
      if (id > IMPORTS && id !== TAGS) return null; // sections come in order
      reader.skip(size);
      continue;
    }
    for (let left = reader.leb(); left > 0; left--) {
      reader.skip(reader.leb());
      reader.skip(reader.leb());
      const memory = reader.description();
      if (memory) return memory;
    }
    return null;
  }
}

/** An object without a prototype: a hostile module may import from "__proto__", which must not reach Object's. */
export const emptyImports = <Value>(): Record<string, Value> => Object.create(null) as Record<string, Value>;

/**
 * The last resort for a `WebAssembly.Module` without its bytes: the engine's own complaints about a memory of the wrong size end with the right one (V8's do). Null
 * where they do not. Memories are looked at first; the functions are none, so that the module never links: its start function would run here.
 */
export function probeMemory(module: WebAssembly.Module): MemoryType | null {
  const type = { initial: 0, maximum: WASM_PAGES_MAX, shared: true };
  if (!WebAssembly.Module.imports(module).some(({ kind }) => kind === 'function')) return null;
  for (let tries = 0; tries < 4; tries++) {
    const imports = emptyImports<Record<string, WebAssembly.ImportValue>>();
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
      (imports[from] ??= emptyImports())[name] = kind === 'memory' ? new WebAssembly.Memory(type) : 0;
    }
    try {
      void new WebAssembly.Instance(module, imports);
      return null;
    } catch (error) {
      if (!(error instanceof WebAssembly.LinkError)) return null;
      const complaint = error.message.slice(error.message.lastIndexOf('": ') + 1); // what stands before are the import's names
      if (/callable/.test(complaint)) return tries > 0 ? type : null; // null: this engine looks at functions first
      const pages = Number(/(?:0x)?[0-9a-f]+(?=\D*$)/i.exec(complaint)?.[0] ?? NaN);
      if (Number.isNaN(pages)) return null;
      if (/maximum/.test(complaint)) type.maximum = pages;
      else type.initial = pages;
    }
  }
  return null;
}
