import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

// Root and output are named from this file, so the build gives the same result from any working directory.
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: here('dist'),
    emptyOutDir: true,
    target: 'es2023',
    // The polyfill would be inlined; every browser that runs es2023 preloads modules by itself.
    modulePreload: { polyfill: false },
    // No data: URLs, so that the server's content policy can stay at 'self'.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  // `vite --config web/vite.config.ts` beside a running server.
  server: { proxy: { '/api': 'http://127.0.0.1:4040' } },
});
