import { defineConfig } from 'vite';
import { pureSchemas } from './vite.pure-schemas.ts';

// The call page: GET /call, served by the server from dist/page.
export default defineConfig({
  root: 'src/page',
  base: '/call/',
  build: {
    outDir: '../../dist/page',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: 'es2022',
    rolldownOptions: { treeshake: pureSchemas },
  },
});
