import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CallreelError } from '../base/callreel-error.ts';

/** What the generated configuration of Janus depends on. */
export type JanusConfig = {
  /** Folder for configuration, log and socket. */
  folder: string;
  /** Unix socket of its API. */
  socketPath: string;
  secret: string;
  /** `first-last`, UDP. */
  rtpPortRange: string;
  /** Address that callers reach it by, offered beside those of the machine's interfaces; null: only those. */
  publicAddress: string | null;
  /** How long sessions without a server live, in seconds. */
  orphanTimeoutS: number;
};

const INSTALLATIONS = [
  {
    janus: '/usr/bin/janus',
    libraries: ['/usr/lib/x86_64-linux-gnu/janus', '/usr/lib/aarch64-linux-gnu/janus', '/usr/lib/janus'],
  },
  { janus: '/opt/janus/bin/janus', libraries: ['/opt/janus/lib/janus'] },
  { janus: '/usr/local/bin/janus', libraries: ['/usr/local/lib/janus'] },
] as const;

/** Program and plugin folder of the Janus on this machine. @throws {CallreelError} `MediaServerMissing`. */
export function findJanus(janusPath: string | null): { janus: string; libraries: string } {
  for (const { janus, libraries } of INSTALLATIONS) {
    const folder = libraries.find((each) => existsSync(join(each, 'plugins/libjanus_videoroom.so')));
    if (folder === undefined) continue;
    if (janusPath !== null && existsSync(janusPath)) return { janus: janusPath, libraries: folder };
    if (janusPath === null && existsSync(janus)) return { janus, libraries: folder };
  }
  throw new CallreelError('MediaServerMissing', janusPath === null ? undefined : 'media.janusPath names no program.');
}

/** Everything that the Debian package would load and that Callreel does not use: less code that can fail. */
const UNUSED_PLUGINS = [
  'audiobridge',
  'duktape',
  'echotest',
  'lua',
  'nosip',
  'recordplay',
  'sip',
  'streaming',
  'textroom',
  'videocall',
  'voicemail',
];
const UNUSED_TRANSPORTS = ['http', 'mqtt', 'nanomsg', 'pfunix', 'rabbitmq'];

const disabled = (names: readonly string[]): string => names.map((name) => `libjanus_${name}.so`).join(',');
const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** Writes the configuration files of Janus: API on a Unix socket behind a secret, VideoRoom only. */
export async function writeJanusConfig(config: JanusConfig, libraries: string): Promise<void> {
  const folder = join(config.folder, 'config');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const nat =
    config.publicAddress === null
      ? ''
      : `  nat_1_1_mapping = ${quoted(config.publicAddress)}\n  keep_private_host = true\n`;
  const files = {
    'janus.jcfg': `general: {
  configs_folder = ${quoted(folder)}
  plugins_folder = ${quoted(join(libraries, 'plugins'))}
  transports_folder = ${quoted(join(libraries, 'transports'))}
  server_name = "Callreel"
  api_secret = ${quoted(config.secret)}
  debug_level = 3
  debug_timestamps = true
  session_timeout = ${config.orphanTimeoutS}
  reclaim_session_timeout = ${config.orphanTimeoutS}
  no_webrtc_encryption = false
  hide_dependencies = true
}
media: {
  ipv6 = false
  rtp_port_range = ${quoted(config.rtpPortRange)}
  # Word of a publisher whose packets stopped, after one second.
  no_media_timer = 1
}
nat: {
  ice_lite = false
  # mDNS candidates of browsers cannot be resolved here; such browsers are reached as peer-reflexive.
  ignore_mdns = true
${nat}}
plugins: { disable = ${quoted(disabled(UNUSED_PLUGINS))} }
transports: { disable = ${quoted(disabled(UNUSED_TRANSPORTS))} }
`,
    'janus.transport.websockets.jcfg': `general: {
  json = "compact"
  ws = true
  ws_unix = ${quoted(config.socketPath)}
  wss = false
}
admin: { admin_ws = false }
`,
    'janus.plugin.videoroom.jcfg': 'general: { string_ids = true }\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
}
