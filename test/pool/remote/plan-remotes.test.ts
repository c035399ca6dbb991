import { expect, it } from 'vitest';
import { configSchema } from '../../../config/index.js';
import { planRemotes } from '../../../pool/remote/plan-remotes.js';

const plan = (...use: string[]) => planRemotes(configSchema.parse({ devices: { use } }).devices);

it('finds the hosts among the devices', () => {
  expect(plan('cpu', 'remote:http://b:6006', 'Remote: https://c.example/quire/')).toEqual([
    { id: 'remote:b:6006', url: 'http://b:6006' },
    { id: 'remote:c.example/quire', url: 'https://c.example/quire' },
  ]);
  expect(plan('cpu')).toEqual([]);
});

it.each([
  ['remote:http://user:secret-key@b:6006', /remoteApiKey/],
  ['remote:http://b:6006/?key=1', /query/],
  ['remote:http://b:port', /cannot be read/],
])('refuses %s and does not show keys', (name, reason) => {
  expect(() => plan(name)).toThrow(reason);
  expect(() => plan(name)).not.toThrow(/secret-key/);
});

it('refuses a host that is named twice', () => {
  expect(() => plan('remote:http://b:6006', 'remote:http://b:6006/')).toThrow(/twice/);
});
