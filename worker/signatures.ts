/**
 * Reads the types of a module's imported and exported functions, which JavaScript's reflection does not provide. They are in the sections before the
 * code, which the loader has kept.
 */
import type { FunctionType } from '../common/guest-protocol.ts';
import { EXPORTS, FUNCTIONS, IMPORTS, Reader, TYPES } from '../common/module-bytes.ts';

const numberTypes: Readonly<Record<number, FunctionType['params'][number]>> = {
  0x7f: 'i32',
  0x7e: 'i64',
  0x7d: 'f32',
  0x7c: 'f64',
};

class Types {
  readonly all: (FunctionType | null)[] = [];
  /** Function types that functions of other modules can have, too: they are declared neither as subtypes nor in a recursive group. */
  readonly plain = new Set<FunctionType | null>();

  constructor(private readonly reader: Reader) {
    for (let groups = reader.leb(); groups > 0; groups--) this.group();
  }

  private group(): void {
    const form = this.reader.byte();
    if (form !== 0x4e) {
      this.subtype(form);
      if (form === 0x60) this.plain.add(this.all.at(-1)!);
      return;
    }
    for (let left = this.reader.leb(); left > 0; left--) this.subtype(this.reader.byte());
  }

  private subtype(form: number): void {
    const { reader } = this;
    if (form === 0x50 || form === 0x4f) {
      for (let supertypes = reader.leb(); supertypes > 0; supertypes--) reader.leb();
      form = reader.byte();
    }
    if (form === 0x60) {
      const params = this.values();
      this.all.push({ params, results: this.values() });
      return;
    }
    this.all.push(null);
    // A struct's fields or an array's element: each has a type, which may be packed, and a mutability.
    for (let fields = form === 0x5f ? reader.leb() : 1; fields > 0; fields--) {
      reader.valueType();
      reader.byte();
    }
  }

  private values(): FunctionType['params'] {
    const values: FunctionType['params'] = [];
    for (let left = this.reader.leb(); left > 0; left--) values.push(numberTypes[this.reader.valueType()] ?? 'other');
    return values;
  }
}

export interface Functions {
  /** The types of imported functions by module and name (`importKey`), if functions of other modules can have them. */
  imports: Map<string, FunctionType>;
  /** The types of exported functions by name. */
  exports: Map<string, FunctionType>;
}

export const importKey = (module: string, name: string): string => JSON.stringify([module, name]);

/** `head` holds the bytes of a valid module, at least up to the end of its exports. */
export function functionsOf(head: Uint8Array): Functions {
  const reader = new Reader(head);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const found: Functions = { imports: new Map(), exports: new Map() };
  let types: Types | undefined;
  /** The type index of each function, starting with the imported ones. */
  const functions: number[] = [];
  const text = (): string => {
    const size = reader.leb();
    const bytes = head.slice(reader.at, reader.at + size);
    reader.skip(size);
    return decoder.decode(bytes);
  };
  while (reader.at < head.length) {
    const id = reader.byte();
    const end = reader.leb() + reader.at;
    if (id === TYPES) types = new Types(reader);
    else if (id === IMPORTS) {
      for (let left = reader.leb(); left > 0; left--) {
        const key = importKey(text(), text());
        const index = reader.importedFunction();
        if (index < 0) continue;
        functions.push(index);
        const type = types!.all[index];
        if (type && types!.plain.has(type)) found.imports.set(key, type);
      }
    } else if (id === FUNCTIONS) {
      for (let left = reader.leb(); left > 0; left--) functions.push(reader.leb());
    } else if (id === EXPORTS) {
      for (let left = reader.leb(); left > 0; left--) {
        const name = text();
        const kind = reader.byte();
        const type = types?.all[functions[reader.leb()]!];
        if (kind === 0 && type) found.exports.set(name, type);
      }
      break;
    }
    reader.at = end;
  }
  return found;
}
