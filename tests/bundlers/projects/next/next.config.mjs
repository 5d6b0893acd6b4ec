const headers = [
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Embedder-Policy', value: 'require-corp' },
];

export default {
  serverExternalPackages: ['holdfast'],
  headers: async () => [{ source: '/:path*', headers }],
};
