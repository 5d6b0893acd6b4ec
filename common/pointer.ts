/** Addresses in wasm memory. */

declare const address: unique symbol;
declare const passed: unique symbol;

/** An address in wasm memory. It is never negative, even above 2 GiB; 0 is the null pointer. */
export type Pointer = number & { readonly [address]: true };

/** A pointer as wasm passes it: an i32, negative above 2 GiB. Convert it with `toPointer` before any use. */
export interface WasmPointer {
  readonly [passed]: true;
}

/** Converts a pointer from wasm: an argument, a result, or a value read from memory. */
export const toPointer = (raw: WasmPointer): Pointer => ((raw as unknown as number) >>> 0) as Pointer;

export const NULL = 0 as Pointer;

/** The address `bytes` bytes after the pointer. */
export const after = (pointer: Pointer, bytes: number): Pointer => (pointer + bytes) as Pointer;
