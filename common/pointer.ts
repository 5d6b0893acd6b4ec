/** Addresses in wasm memory. */

declare const address: unique symbol;
declare const passed: unique symbol;

/** An address in wasm memory: at least 0, above 2 GiB too. 0 where there is none. */
export type Pointer = number & { readonly [address]: true };

/** A pointer as wasm passes it, an i32, which above 2 GiB is negative. The only use of it is to convert it to an address. */
export interface WasmPointer {
  readonly [passed]: true;
}

/** The one conversion: what comes out of wasm goes through here, whether it was an argument, a result, or lay in memory. */
export const toPointer = (raw: WasmPointer): Pointer => ((raw as unknown as number) >>> 0) as Pointer;

export const NULL = 0 as Pointer;

/** The address that many bytes further on. */
export const after = (pointer: Pointer, bytes: number): Pointer => (pointer + bytes) as Pointer;
