import { defineConfig } from 'astro/config';
import { holdfast } from 'holdfast/vite';

// `astro preview` has its own server, without Vite's plugins.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({ server: { headers }, vite: { plugins: [holdfast()] } });
