/** A module that esbuild embeds in the bundle (tools/build.mjs). */
declare module '*.wasm' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
