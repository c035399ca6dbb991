import { Command } from 'commander';
import { runAction } from './run-action.js';
import { addSettingFlags, configFromFlags } from './setting-flags.js';

/** `quire serve`. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description('Serve HTTP: read documents on every device of this machine.')
    .addHelpText(
      'after',
      `
Signals:
  SIGTERM, SIGINT   stop accepting, finish what is in flight (server.drainMs), exit 0; a second one ends at once
  SIGHUP            settings are read at the start only; restart to apply new ones

Examples:
  quire serve                                  the embedded model on this machine only, port 6006
  quire serve --host 0.0.0.0 --api-key KEY     for others, with a key
  quire serve --devices cpu,cpu --port 8080    two CPU shards
  quire serve --model ./PaddleOCR-VL           another model folder`,
    )
    .action((options: Record<string, unknown>) =>
      runAction(async () => {
        const config = configFromFlags(options);
        const { runServer } = await import('../run-server.js');
        return runServer(config);
      }),
    );
  return addSettingFlags(command, [
    'server.host',
    'server.port',
    'server.apiKeys',
    'model.dir',
    'model.precision',
    'devices.use',
    'devices.isolation',
  ]);
}
