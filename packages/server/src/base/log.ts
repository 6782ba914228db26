import { type DestinationStream, destination, type Logger, pino } from 'pino';

/**
 * The log: one JSON line an event, scoped by children (`callId`, `taskId`, `streamId`, …). User ids and
 * contents never stand in the message text; where one is needed it is a field.
 */
export type Log = Logger;

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
