import { loadConfig } from './base/index.ts';
import { Platform } from './platform/index.ts';

/**
 * `callreel serve`: runs the platform until SIGINT or SIGTERM. Calls that are under way then go on in the media
 * server for ten minutes and are taken over by the next start.
 *
 * @throws {CallreelError} what is wrong with the configuration or the machine.
 */
export async function runServe(args: string[]): Promise<void> {
  const config = loadConfig({ args, env: process.env });
  const stop = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
  const platform = await Platform.start(config);
  const { address, credentials } = platform.facts;
  if (credentials !== null) {
    const { admin, app, rest } = credentials;
    process.stderr.write(`
First start. These are shown once, and kept in credentials.json in the data folder:

  console      user ${admin.user}, password ${admin.password}
  application  SdkAppId ${app.sdkAppId}, secret key ${app.secretKey}
  REST key     SecretId ${rest.secretId}, SecretKey ${rest.secretKey}
`);
  }
  process.stderr.write(`
Callreel serves at ${address}

  ${address}/call     place a call${config.demo ? '' : ' (with sdkAppId, userId and userSig in the address)'}
  ${address}/library  recordings
`);
  await stop;
  process.stderr.write('\nStopping.\n');
  await platform.close();
}
