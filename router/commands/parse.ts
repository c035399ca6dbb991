import { Command, InvalidArgumentError, Option } from 'commander';
import { runAction } from './run-action.js';
import { addSettingFlags, configFromFlags } from './setting-flags.js';

/** `quire parse`. */
export function parseCommand(): Command {
  const command = new Command('parse')
    .description('Read files without a server: images and PDFs become Markdown or JSON.')
    .argument('<inputs...>', 'Files, folders (read with their sub-folders) or - for standard input.')
    .option('-o, --output <dir>', 'Folder for the results; created when it is missing.')
    .addOption(new Option('--format <kind>', 'Form of the results.').choices(['md', 'json']).default('md'))
    .option('--pages <ranges>', 'Pages to read, counted from 1, such as 1-3,7.', checkPages)
    .option('--overwrite', 'Replace results that lie beside the inputs already.')
    .option('--quiet', 'No progress bar.')
    .addHelpText(
      'after',
      `
One input without -o is printed; several are written beside the inputs, or into -o.
A file that cannot be read is named on one line, and the rest goes on.

Exit code: 0 all were read, 1 some were not, 2 the command is wrong, 130 interrupted.

Examples:
  quire parse page.png                         print the Markdown
  quire parse report.pdf --pages 1-3 --format json
  quire parse scans/ -o out/                   a folder, with its sub-folders
  curl -s https://example.com/a.pdf | quire parse -`,
    )
    .action((inputs: string[], options: Record<string, unknown>) =>
      runAction(async () => {
        const config = configFromFlags(options);
        const { parseFiles } = await import('../batch/parse-files.js');
        return parseFiles(inputs, config, {
          outputDir: options.output as string | undefined,
          format: options.format as 'md' | 'json',
          pages: options.pages as string | undefined,
          mayOverwrite: options.overwrite === true,
          isQuiet: options.quiet === true,
        });
      }),
    );
  return addSettingFlags(command, ['model.dir', 'model.precision', 'devices.use', 'devices.isolation']);
}

function checkPages(text: string): string {
  if (/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return text;
  throw new InvalidArgumentError('Write pages as 1-3,7.');
}
