/**
 * Finds the type of the memory that a module imports, as wasi-threads programs do. JavaScript's reflection does not provide the memory's limits. They are in
 * the import section, near the module's beginning.
 */

import { WASM_PAGES_MAX } from '../build/generated/layouts.ts';
import { IMPORTS, Reader, TAGS, type MemoryType } from './module-bytes.ts';

/** Returns the type of the first imported memory, or null if there is none. Throws a RangeError if the bytes end before it. */
export function importedMemory(bytes: Uint8Array): MemoryType | null {
  const reader = new Reader(bytes);
  for (;;) {
    const id = reader.byte();
    const size = reader.leb();
    if (id !== IMPORTS) {
      if (id > IMPORTS && id !== TAGS) return null; // sections are ordered
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

/** Returns an object without a prototype, because a hostile module may import from "__proto__". */
export const emptyImports = <Value>(): Record<string, Value> => Object.create(null) as Record<string, Value>;

/**
 * The last resort for a `WebAssembly.Module` without its bytes: tries memories of wrong sizes and reads the right size from the end of the engine's error
 * message. V8 reports it; elsewhere this returns null. No functions are passed, so that the module does not link: otherwise its start function would run.
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
      const complaint = error.message.slice(error.message.lastIndexOf('": ') + 1); // the text after the import's names
      if (/callable/.test(complaint)) return tries > 0 ? type : null; // null: this engine checks functions first
      const pages = Number(/(?:0x)?[0-9a-f]+(?=\D*$)/i.exec(complaint)?.[0] ?? NaN);
      if (Number.isNaN(pages)) return null;
      if (/maximum/.test(complaint)) type.maximum = pages;
      else type.initial = pages;
    }
  }
  return null;
}
