// The companion for the napi-rs module of Tailwind, with the runtime that its package depends on.
import { createRequire } from 'node:module';
import { emnapi } from '../../companions/emnapi.js';

const load = createRequire(createRequire(import.meta.url).resolve('@tailwindcss/oxide-wasm32-wasi/package.json'));
const runtime = { ...load('@napi-rs/wasm-runtime'), createContext: load('@emnapi/runtime').createContext };

const companion = emnapi(runtime, ({ Scanner }) => ({
  scan: (base) => new Scanner({ sources: [{ base, pattern: '**/*', negated: false }] }).scan(),
}));

export { companion as default };
