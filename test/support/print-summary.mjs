// Prints `N passed, N failed, N skipped` from vitest's own JSON report. Also run alone, by .ci/run.
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** Returns false when there is no report to print, which counts as a failure. */
export function printSummary(reportFile) {
  let report;
  try {
    report = JSON.parse(readFileSync(reportFile, 'utf8'));
  } catch {
    console.log('0 passed, 1 failed, 0 skipped');
    return false;
  }
  // A file that breaks while it is loaded has no tests of its own to fail.
  const brokenFileCount = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const skippedCount = report.numPendingTests + report.numTodoTests;
  console.log(
    `${report.numPassedTests} passed, ${report.numFailedTests + brokenFileCount} failed, ${skippedCount} skipped`,
  );
  return true;
}

if (argv[1] === fileURLToPath(import.meta.url)) printSummary(argv[2]);
