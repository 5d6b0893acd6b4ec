import { holdfast } from 'holdfast/vite';

export default {
  plugins: [holdfast()],
  build: {
    rollupOptions: { input: ['index.html', 'url.html'] },
    assetsInlineLimit: Number(process.env.INLINE ?? 4096),
  },
};
