#!/usr/bin/env node
import { Command } from 'commander';
import { benchCommand } from './commands/bench.js';
import { compileCommand } from './commands/compile.js';
import { doctorCommand } from './commands/doctor.js';
import { exitCodes } from './commands/exit-code.js';
import { parseCommand } from './commands/parse.js';
import { serveCommand } from './commands/serve.js';
import { quireVersion } from './quire-version.js';

// Commands import what they run only when they run, so that `quire --help` answers at once.
const program = new Command('quire')
  .description('Reads documents with PaddleOCR-VL on every GPU of a host, from one Node.js server.')
  .version(quireVersion(), '-V, --version', 'Print the version.')
  .helpOption('-h, --help', 'Print help.')
  .helpCommand('help [command]', 'Print the help of a command.')
  .showHelpAfterError('(quire --help lists the commands; quire COMMAND --help explains one)')
  .configureHelp({ showGlobalOptions: false });

for (const command of [serveCommand(), parseCommand(), benchCommand(), compileCommand(), doctorCommand()]) {
  command
    .copyInheritedSettings(program)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exitCodes.misused));
  program.addCommand(command);
}
program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exitCodes.misused));
await program.parseAsync();
