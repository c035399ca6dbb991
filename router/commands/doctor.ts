import { Command } from 'commander';
import { runAction } from './run-action.js';
import { addSettingFlags, configFromFlags } from './setting-flags.js';

/** `quire doctor`. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('Look for GPUs and what they need, and let every device read a known crop.')
    .option('--json', 'Print the findings as JSON.')
    .addHelpText(
      'after',
      `
Tests the devices of the settings, or every GPU and the CPU.

Exit code: 0 every tested device read right, 1 one did not, 2 the command is wrong.`,
    )
    .action((options: Record<string, unknown>) =>
      runAction(async () => {
        const config = configFromFlags(options);
        const { examine } = await import('../examine.js');
        return examine(config, options.json === true);
      }),
    );
  return addSettingFlags(command, ['model.dir', 'model.precision', 'devices.use', 'devices.isolation']);
}
