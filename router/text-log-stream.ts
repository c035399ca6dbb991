import type { DestinationStream } from 'pino';

/** Rewrites pino's JSON lines for a person: `12:03:44 info  request route=/v1/parse status=200 ms=12`. */
export function textLogStream(sink: DestinationStream): DestinationStream {
  return {
    write(line: string): void {
      sink.write(toText(line));
    },
  };
}

function toText(line: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 19);
  const pairs = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const stack = isError(err) ? `\n${err.stack ?? err.message}` : '';
  return `${clock} ${String(level).padEnd(5)} ${msg ?? ''}${pairs.join('')}${stack}\n`;
}

function isError(value: unknown): value is { message: string; stack?: string } {
  return typeof value === 'object' && value !== null && 'message' in value;
}
