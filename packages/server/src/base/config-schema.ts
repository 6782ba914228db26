import { isIP } from 'node:net';
import { type Static, type TSchema, Type } from 'typebox';

const NO_CONTROL_CHARACTERS = '^[^\\u0000-\\u001f\\u007f]+$';

/**
 * Every key of the configuration. `description` and `unit` make docs/reference/config.md; `allowed` is the
 * sentence of a refusal where the schema alone does not say it well.
 */
export const ConfigSchema = Type.Object({
  port: Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: 8080,
    description: 'TCP port of HTTP and signalling; 0 lets the system choose.',
  }),
  host: Type.String({
    minLength: 1,
    maxLength: 253,
    pattern: NO_CONTROL_CHARACTERS,
    default: '0.0.0.0',
    allowed: 'an address or host name of this machine',
    description: 'Address to listen on. 127.0.0.1 keeps it on this machine.',
  }),
  data: Type.String({
    minLength: 1,
    maxLength: 4096,
    pattern: NO_CONTROL_CHARACTERS,
    default: './data',
    allowed: 'a path',
    description: 'Data folder: database, captures, files, credentials. Made when missing.',
  }),
  demo: Type.Boolean({
    default: false,
    description: 'Demo mode: callers need no UserSig, the server issues it. Never on a public address.',
  }),
  databaseUrl: Type.Union([Type.String({ pattern: '^postgres(ql)?://' }), Type.Null()], {
    default: null,
    secret: true,
    allowed: 'a postgres:// URL or null',
    description: 'Postgres to use; null keeps an embedded database in the data folder.',
  }),
  publicAddress: Type.Union([Type.String({ maxLength: 45 }), Type.Null()], {
    default: null,
    allowed: 'an IPv4 or IPv6 address or null',
    description: 'Address under which callers reach the media ports; null takes the address of the machine.',
  }),
  publicUrl: Type.Union([Type.String({ maxLength: 500, pattern: '^https?://[^/?#]+(/[^?#]*[^/?#])?$' }), Type.Null()], {
    default: null,
    allowed: 'an http or https address without / at its end, or null',
    description: 'What links in callbacks begin with; null takes the address that the server listens at.',
  }),
  media: Type.Object({
    rtpPortRange: Type.String({
      pattern: '^[0-9]{1,5}-[0-9]{1,5}$',
      default: '40000-49999',
      allowed: 'two UDP ports from 1024 to 65535 as first-last, at least 20 apart',
      description: 'UDP ports of media, first and last. Open them in the firewall.',
    }),
    janusPath: Type.Union(
      [Type.String({ minLength: 1, maxLength: 4096, pattern: NO_CONTROL_CHARACTERS }), Type.Null()],
      {
        default: null,
        allowed: 'a path or null',
        description: 'The Janus program; null looks for it where the system keeps programs.',
      },
    ),
  }),
  mediaTimeoutS: Type.Integer({
    minimum: 2,
    maximum: 3600,
    default: 10,
    unit: 's',
    description: 'Time without signalling and media after which a caller has left.',
  }),
  call: Type.Object({
    ringTimeoutS: Type.Integer({
      minimum: 1,
      maximum: 3600,
      default: 30,
      unit: 's',
      description: 'Time a call rings where the caller names none.',
    }),
  }),
  recording: Type.Object({
    maxTasks: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description:
        'Recording tasks of one application that back ends may have running at once. Automatic ones are never refused.',
    }),
    storeGiveUpHours: Type.Integer({
      minimum: 1,
      maximum: 720,
      default: 24,
      unit: 'h',
      description: 'Time after which files that the S3 store of their order does not take go into the library instead.',
    }),
  }),
  render: Type.Object({
    maxConcurrent: Type.Integer({
      minimum: 0,
      maximum: 1000,
      default: 0,
      description:
        'Renders at the same time; others wait while their captures go on. 0: as many as cores and half of the memory carry.',
    }),
  }),
  outbound: Type.Object({
    allowPrivate: Type.Boolean({
      default: false,
      description:
        'Whether pictures of templates may be fetched from, and callbacks and recordings for S3 stores sent to, private, loopback and link-local addresses. Only where everybody who sets templates and callbacks and orders recordings may reach your network.',
    }),
  }),
  callback: Type.Object({
    giveUpHours: Type.Integer({
      minimum: 1,
      maximum: 720,
      default: 24,
      unit: 'h',
      description: 'Time after which a callback that cannot be delivered is given up.',
    }),
    logDays: Type.Integer({
      minimum: 1,
      maximum: 3650,
      default: 30,
      unit: 'd',
      description: 'Time a callback that was delivered or given up is kept in the log.',
    }),
  }),
  captureRetentionHours: Type.Integer({
    minimum: 0,
    maximum: 87_600,
    default: 168,
    unit: 'h',
    description: 'Time a capture is kept after its last render; 0 deletes it when rendered.',
  }),
  sessionHours: Type.Integer({
    minimum: 1,
    maximum: 720,
    default: 12,
    unit: 'h',
    description: 'Life of a console session.',
  }),
  trustProxy: Type.Boolean({
    default: false,
    description: 'Whether X-Forwarded-For and -Proto are believed. Only behind a proxy of your own that sets them.',
  }),
  logLevel: Type.Union(
    [
      Type.Literal('trace'),
      Type.Literal('debug'),
      Type.Literal('info'),
      Type.Literal('warn'),
      Type.Literal('error'),
      Type.Literal('fatal'),
      Type.Literal('silent'),
    ],
    {
      default: 'info',
      allowed: 'trace, debug, info, warn, error, fatal or silent',
      description: 'Least level of the log lines that are written.',
    },
  ),
});

/** The configuration, whole and checked. */
export type Config = Static<typeof ConfigSchema>;

/** One key: its dotted path, its schema and the environment variable that sets it. */
export type ConfigKey = { path: string; variable: string; schema: TSchema };

/** All keys, in the order of the schema. */
export function configKeys(): ConfigKey[] {
  return keysOf(ConfigSchema, '');
}

function keysOf(schema: TSchema, prefix: string): ConfigKey[] {
  const properties: Record<string, TSchema> = Type.IsObject(schema) ? schema.properties : {};
  return Object.entries(properties).flatMap(([name, property]) =>
    Type.IsObject(property)
      ? keysOf(property, `${prefix}${name}.`)
      : [{ path: prefix + name, variable: variableOf(prefix + name), schema: property }],
  );
}

function variableOf(path: string): string {
  const words = path.replaceAll('.', '_').replace(/[a-z0-9][A-Z]/g, (pair) => `${pair[0]}_${pair[1]}`);
  return `CALLREEL_${words.toUpperCase()}`;
}

/** What a schema says beside its type. */
export function annotation(
  schema: TSchema,
  name: 'default' | 'unit' | 'description' | 'allowed' | 'secret' | 'minimum' | 'maximum',
): unknown {
  return Reflect.get(schema, name);
}

/** What a key allows, as half a sentence. */
export function allowedBy(schema: TSchema): string {
  const allowed = annotation(schema, 'allowed');
  if (typeof allowed === 'string') return allowed;
  if (Type.IsBoolean(schema)) return 'true or false';
  if (Type.IsInteger(schema))
    return `an integer from ${String(annotation(schema, 'minimum'))} to ${String(annotation(schema, 'maximum'))}`;
  return 'a text';
}

/** Checks that a schema cannot say. Answers false for a value that is refused. */
export function passesBeyondSchema(path: string, value: unknown): boolean {
  if (path === 'publicAddress') return value === null || (typeof value === 'string' && isIP(value) !== 0);
  if (path === 'media.rtpPortRange' && typeof value === 'string') {
    const [first = 0, last = 0] = value.split('-').map(Number);
    return first >= 1024 && last <= 65535 && last - first >= 20;
  }
  return true;
}
