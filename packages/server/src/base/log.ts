import { type DestinationStream, destination, type Logger, pino } from 'pino';

/**
 * The log: one JSON line an event, scoped by children (`callId`, `taskId`, `streamId`, …). User ids and
 * contents never stand in the message text; where one is needed it is a field.
 */
export type Log = Logger;

/** Fields that scope a child of the log. */
export type LogScope = {
  stage?: string;
  sdkAppId?: number;
  callId?: string;
  roomSessionId?: string;
  taskId?: string;
  streamId?: string;
  requestId?: string;
};

/**
 * Opens the log. Lines are written at once, so that a killed process leaves all of them.
 *
 * @param to where lines go; default is standard output.
 */
export function createLog({
  level = 'info',
  to = destination({ fd: 1, sync: true }),
}: {
  level?: string;
  to?: DestinationStream;
} = {}): Log {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Whatever is logged by mistake, these never reach the log.
      redact: {
        paths: [
          'password',
          'secretKey',
          'userSig',
          '*.password',
          '*.secretKey',
          '*.userSig',
          'req.headers.authorization',
          'req.headers.cookie',
        ],
        censor: '[secret]',
      },
    },
    to,
  );
}

/** A child of the log whose lines all carry the scope. */
export function scopedLog(log: Log, scope: LogScope): Log {
  return log.child(scope);
}
