/**
 * Reads the types of a module's exported functions, which JavaScript's reflection does not provide. They are in the sections before the code, which the
 * loader has kept.
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

  constructor(private readonly reader: Reader) {
    for (let groups = reader.leb(); groups > 0; groups--) this.group();
  }

  private group(): void {
    const form = this.reader.byte();
    if (form !== 0x4e) return this.subtype(form);
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

/** Returns the types of the exported functions by name. `head` holds the bytes of a valid module, at least up to the end of its exports. */
export function exportedFunctions(head: Uint8Array): Map<string, FunctionType> {
  const reader = new Reader(head);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const found = new Map<string, FunctionType>();
  let types: Types['all'] = [];
  /** The type index of each function, starting with the imported ones. */
  const functions: number[] = [];
  while (reader.at < head.length) {
    const id = reader.byte();
    const end = reader.leb() + reader.at;
    if (id === TYPES) types = new Types(reader).all;
    else if (id === IMPORTS) {
      for (let left = reader.leb(); left > 0; left--) {
        reader.skip(reader.leb());
        reader.skip(reader.leb());
        const type = reader.importedFunction();
        if (type >= 0) functions.push(type);
      }
    } else if (id === FUNCTIONS) {
      for (let left = reader.leb(); left > 0; left--) functions.push(reader.leb());
    } else if (id === EXPORTS) {
      for (let left = reader.leb(); left > 0; left--) {
        const size = reader.leb();
        const name = decoder.decode(head.slice(reader.at, reader.at + size));
        reader.skip(size);
        const kind = reader.byte();
        const type = types[functions[reader.leb()]!];
        if (kind === 0 && type) found.set(name, type);
      }
      break;
    }
    reader.at = end;
  }
  return found;
}
