import { defineConfig } from 'vite';
import { pureSchemas } from './vite.pure-schemas.ts';

// The SDK as one ES module that needs nothing beside it. `CALLKIT_CORE=1` leaves socket.io out, to measure the rest.
export default defineConfig({
  build: {
    outDir: process.env.CALLKIT_CORE === '1' ? 'dist/core' : 'dist',
    emptyOutDir: false,
    target: 'es2022',
    minify: true,
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'callkit.js' },
    rolldownOptions: { treeshake: pureSchemas, external: process.env.CALLKIT_CORE === '1' ? ['socket.io-client'] : [] },
  },
});
