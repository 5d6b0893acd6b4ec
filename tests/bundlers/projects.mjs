// The projects: how each is built, and how the result is served. A step is a command from the project's own packages.
//
//   source     the folder in projects/, if it differs from the name
//   packages   versions that replace those in its package.json
//   node24     its tools need a newer Node than 20
//   publicFolder  the folder that is served unchanged; the guest programs go there
//   copies     folders that get a copy of the package's files, as documented for bundlers that copy none
//   companion  whether its page also uses a companion, which imports another module
//   tries      `build`: a command, possibly the only one; `serve`: a command that serves it at a port, or a folder for a server with the two headers;
//              `page`: the path of the page (default /), or `route`: the path of a JSON answer, or `run`: a command that prints the result

import { FILES, nodeName, SINGLE_FILES } from '../../common/files.js';

const vite = (version) => ({
  source: 'vite',
  packages: { vite: version },
  publicFolder: 'public',
  companion: true,
  tries: [
    { title: 'dev', serve: ['vite/bin/vite.js', '--port', 'PORT', '--strictPort'] },
    { title: 'dev, ?url', serve: ['vite/bin/vite.js', '--port', 'PORT', '--strictPort'], page: '/url.html' },
    {
      title: 'build and preview',
      build: ['vite/bin/vite.js', 'build'],
      serve: ['vite/bin/vite.js', 'preview', '--port', 'PORT', '--strictPort'],
    },
    { title: 'build, ?url', serve: 'dist', page: '/url.html' },
    { title: 'build, all inline', build: ['vite/bin/vite.js', 'build'], env: { INLINE: '1000000' }, serve: 'dist' },
  ],
});

const esbuild = ['esbuild/bin/esbuild', '--bundle', '--log-level=error'];
const onNode = [...esbuild, '--platform=node', 'src/main.js'];

const files = [...Object.values(FILES), ...Object.values(SINGLE_FILES)].flatMap((file) => [file, nodeName(file)]);
const types = (config) => ({
  title: `types, ${config}`,
  build: ['typescript/bin/tsc', '-p', `tsconfig.${config}.json`],
});

export const projects = {
  // ES modules only, on purpose; exports that are files instead of modules have no types.
  package: {
    tries: [
      { title: 'publint', build: ['publint/src/cli.js', 'run', 'node_modules/holdfast', '--strict'] },
      {
        title: 'arethetypeswrong',
        build: [
          ...['@arethetypeswrong/cli/dist/index.js', '../holdfast.tgz', '--ignore-rules', 'cjs-resolves-to-esm'],
          ...['--exclude-entrypoints', ...files],
        ],
      },
      ...['node', 'dom', 'node10'].map(types),
    ],
  },
  'vite-8': vite('8.4.0'),
  'vite-7': vite('7.3.8'),
  webpack: {
    companion: true,
    tries: [{ title: 'build', build: ['webpack-cli/bin/cli.js'], serve: 'out' }],
  },
  rspack: {
    tries: [{ title: 'build', build: ['@rspack/cli/bin/rspack.js', 'build'], serve: 'out' }],
  },
  rollup: {
    copies: ['out', 'out/holdfast'],
    tries: [
      { title: 'ES module', build: ['rollup/dist/bin/rollup', '-c', '--silent'], serve: 'out' },
      { title: 'IIFE', serve: 'out', page: '/classic.html' },
    ],
  },
  esbuild: {
    copies: ['out', 'out/holdfast'],
    tries: [
      { title: 'ES module', build: [...esbuild, '--format=esm', 'src/main.js', '--outdir=out'], serve: 'out' },
      {
        title: 'IIFE',
        build: [...esbuild, '--format=iife', '--minify', 'src/classic.js', '--outdir=out'],
        serve: 'out',
        page: '/classic.html',
      },
    ],
  },
  node: {
    publicFolder: '.',
    copies: ['out'],
    tries: [
      { title: 'not bundled', run: ['src/main.js'] },
      {
        title: 'bundled by esbuild, ES module',
        build: [...onNode, '--format=esm', '--outfile=out/main.mjs'],
        run: ['out/main.mjs'],
      },
      {
        title: 'bundled by esbuild, CommonJS',
        build: [...onNode, '--format=cjs', '--outfile=out/main.cjs'],
        run: ['out/main.cjs', 'out'],
      },
    ],
  },
  parcel: {
    tries: [
      {
        title: 'build',
        build: ['parcel/lib/bin.js', 'build', 'index.html', '--dist-dir', 'out', '--cache-dir', 'node_modules/.cache'],
        serve: 'out',
      },
    ],
  },
  next: {
    publicFolder: 'public',
    tries: [
      {
        title: 'Turbopack, page',
        build: ['next/dist/bin/next', 'build', '--turbopack'],
        serve: ['next/dist/bin/next', 'start', '-p', 'PORT'],
      },
      { title: 'Turbopack, route handler', serve: ['next/dist/bin/next', 'start', '-p', 'PORT'], route: '/api/hello' },
      {
        title: 'webpack, page',
        build: ['next/dist/bin/next', 'build', '--webpack'],
        serve: ['next/dist/bin/next', 'start', '-p', 'PORT'],
      },
      { title: 'webpack, route handler', serve: ['next/dist/bin/next', 'start', '-p', 'PORT'], route: '/api/hello' },
    ],
  },
  astro: {
    node24: true,
    publicFolder: 'public',
    tries: [
      { title: 'dev', serve: ['astro/bin/astro.mjs', 'dev', '--port', 'PORT'] },
      {
        title: 'build and preview',
        build: ['astro/bin/astro.mjs', 'build'],
        serve: ['astro/bin/astro.mjs', 'preview', '--port', 'PORT'],
      },
    ],
  },
  sveltekit: {
    node24: true,
    publicFolder: 'static',
    tries: [
      { title: 'dev', serve: ['vite/bin/vite.js', 'dev', '--port', 'PORT', '--strictPort'] },
      { title: 'build', build: ['vite/bin/vite.js', 'build'], serve: 'build' },
    ],
  },
  'import-map': {
    tries: [{ title: 'the package as it is', serve: '.' }],
  },
  'other-origin': {
    tries: [{ title: 'the package on another origin', serve: '.', page: '/other-origin.html' }],
    source: 'import-map',
  },
};

/** The projects of `npm test`; `npm run test:bundlers` runs all of them. */
export const inEveryTest = ['package', 'vite-8', 'webpack', 'esbuild', 'node', 'import-map', 'other-origin'];
