import resolve from '@rollup/plugin-node-resolve';

const plugins = [resolve({ browser: true })];

export default [
  { input: 'src/main.js', output: { dir: 'out', format: 'es' }, plugins },
  { input: 'src/classic.js', output: { file: 'out/classic.js', format: 'iife', inlineDynamicImports: true }, plugins },
];
