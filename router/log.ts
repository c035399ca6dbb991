import { type DestinationStream, destination, type Logger, pino } from 'pino';
import type { LogSettings } from '#config';
import { textLogStream } from './text-log-stream.js';

export type Log = Logger;

/**
 * Opens the log on standard error, so that results on standard output stay clean: JSON lines, or text on a terminal.
 * The only file that knows the logging library.
 */
export function openLog(settings: LogSettings, stream?: DestinationStream): Log {
  const isText = settings.format === 'text' || (settings.format === 'auto' && process.stderr.isTTY);
  const sink = stream ?? destination({ fd: 2, sync: true });
  return pino(
    {
      level: settings.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    isText ? textLogStream(sink) : sink,
  );
}
