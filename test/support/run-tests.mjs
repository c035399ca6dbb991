// Runs everything `npm test` promises: build, lint and types, tests. Ends with `N passed, N failed, N skipped`.
// Arguments go to vitest: `npm test -- test/config`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { printSummary } from './print-summary.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reportFile = fileURLToPath(new URL('../../test-results/vitest.json', import.meta.url));

/** Runs a tool of the project; true when it succeeded. */
function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' }).status === 0;
}

rmSync(reportFile, { force: true });
mkdirSync(fileURLToPath(new URL('../../test-results', import.meta.url)), { recursive: true });

// Without a build there is nothing to test end to end; a lint finding does not keep the tests from running.
const isBuilt = run('npm', ['run', '--silent', 'build']);
const isClean = isBuilt && run('npm', ['run', '--silent', 'check']);
const isPassed =
  isBuilt &&
  run('npx', [
    '--no-install',
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...process.argv.slice(2),
  ]);

if (!isBuilt) console.error('The build failed.');
else if (!isClean) console.error('Lint or types have findings (npm run check).');
const isReported = printSummary(reportFile);
process.exitCode = isBuilt && isClean && isPassed && isReported ? 0 : 1;
