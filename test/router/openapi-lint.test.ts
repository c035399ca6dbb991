import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, it } from 'vitest';
import { openTestApp } from '../support/test-app.js';

it('describes the API without a finding of the OpenAPI linter', async () => {
  const { app } = openTestApp();
  const source = await (await app.request('/openapi.json')).text();
  const config = await createConfig({
    extends: ['recommended'],
    rules: {
      // Some routes are open on purpose, and probes have no 4xx.
      'security-defined': 'off',
      'operation-4xx-response': 'off',
    },
  });
  const findings = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  const lines = findings.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`);
  expect(lines).toEqual([]);
});
