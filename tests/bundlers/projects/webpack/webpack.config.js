import path from 'node:path';

const output = { path: path.resolve('out'), publicPath: '/' };

export default [
  { mode: 'production', entry: './src/main.js', output },
  {
    mode: 'production',
    entry: { glue: './src/glue.js' },
    experiments: { outputModule: true },
    output: { ...output, filename: 'glue.js', library: { type: 'module' } },
  },
];
