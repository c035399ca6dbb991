import type { Log } from './log.js';

/**
 * Resolves with the name of the first signal that asks the process to stop. A second one ends it at once by SIGKILL:
 * `process.exit` would tear down ONNX Runtime in the middle of a run, which aborts with a core dump.
 */
export function waitForStop(log: Log): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = (signal: NodeJS.Signals): void => {
      if (isStopping) process.kill(process.pid, 'SIGKILL');
      isStopping = true;
      resolve(signal);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.on('SIGHUP', () => {
      // A closed terminal stops a server that was started in it; a daemon is being asked to read its settings.
      if (process.stdout.isTTY) stop('SIGHUP');
      else log.warn('SIGHUP: settings are read at the start only; restart to apply new ones');
    });
  });
}
