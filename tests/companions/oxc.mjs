// The companion for the napi-rs module of oxc-parser, with the runtime that its package depends on.
import { createRequire } from 'node:module';
import { emnapi } from '../../companions/emnapi.js';

const load = createRequire(createRequire(import.meta.url).resolve('@oxc-parser/binding-wasm32-wasi/package.json'));
const runtime = { ...load('@napi-rs/wasm-runtime'), createContext: load('@emnapi/runtime').createContext };

const summary = ({ program, errors }) => {
  const { type, body } = JSON.parse(program).node;
  return { type, body: body.length, errors: errors.map(({ message }) => message) };
};
const companion = emnapi(runtime, ({ parse, parseSync }) => ({
  parseSync: (name, text) => summary(parseSync(name, text)),
  parse: async (name, text) => summary(await parse(name, text)),
}));

export { companion as default };
