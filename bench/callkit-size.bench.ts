import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

// What the SDK adds to an application, in bytes after gzip; the budget for the core without socket.io is 60 KB.

const entry = join(import.meta.dirname, '../packages/callkit/src/index.ts');

async function sizeOf(external: string[]): Promise<number> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, lib: { entry, formats: ['es'], fileName: 'callkit' }, rollupOptions: { external } },
  });
  const outputs = Array.isArray(built) ? built : [built];
  const code = outputs
    .flatMap((each) => ('output' in each ? each.output : []))
    .map((chunk) => (chunk.type === 'chunk' ? chunk.code : ''));
  return gzipSync(code.join('')).length;
}

console.log(`callkit without socket.io-client: ${await sizeOf(['socket.io-client'])} bytes gzip`);
console.log(`callkit with socket.io-client:    ${await sizeOf([])} bytes gzip`);
