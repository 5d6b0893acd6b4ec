/** Writes small wasm modules. Long arrays are joined by `concat`: before V8 has optimized it, a spread takes microseconds for each element. */

/** Encodes an unsigned number in LEB128. */
export function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

export const section = (id: number, body: number[]): number[] => [id, ...leb(body.length)].concat(body);

/** Encodes a name of ASCII characters. */
export const text = (name: string): number[] => [name.length, ...[...name].map((char) => char.charCodeAt(0))];

export const moduleOf = (sections: number[][]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0].concat(...sections));
