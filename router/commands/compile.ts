import { Command, Option } from 'commander';
import { runAction } from './run-action.js';
import { addSettingFlags, configFromFlags } from './setting-flags.js';

/** `quire compile`. */
export function compileCommand(): Command {
  const command = new Command('compile')
    .description('Write the graphs of a model into the cache, so that the first start is a fast one.')
    .addOption(new Option('--device <kind>', 'What the graphs are for.').choices(['cpu', 'cuda']).default('cpu'))
    .addHelpText(
      'after',
      `
Prints the folder of the graphs. A model that is in the cache already is not compiled again.
The cache is QUIRE_CACHE_DIR, or the cache folder of the platform.

Examples:
  quire compile                                        the embedded model
  quire compile --model ./PaddleOCR-VL --device cuda --precision fp16`,
    )
    .action((options: Record<string, unknown>) =>
      runAction(async () => {
        const config = configFromFlags(options);
        const { compileGraphs } = await import('../compile-graphs.js');
        return compileGraphs(config, options.device as 'cpu' | 'cuda');
      }),
    );
  return addSettingFlags(command, ['model.dir', 'model.precision']);
}
