import { describe, expect, it } from 'vitest';
import { isFetchableAddress } from '../../../router/input/address-rules.js';

const privateOnes = [
  '10.1.2.3',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '168.63.129.16',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
];

const unusableOnes = [
  '0.0.0.0',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:8.8.8.8',
  '0:0:0:0:0:ffff:7f00:1',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::a00:1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  'fec0::1',
  'ff02::1',
  '100::1',
  'localhost',
  '',
];

describe('isFetchableAddress', () => {
  it.each(['8.8.8.8', '172.15.255.255', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    'lets %s pass',
    (address) => expect(isFetchableAddress(address, false)).toBe(true),
  );

  it.each(privateOnes)('refuses %s unless private addresses are allowed', (address) => {
    expect(isFetchableAddress(address, false)).toBe(false);
    expect(isFetchableAddress(address, true)).toBe(true);
  });

  it.each(unusableOnes)('refuses "%s" always', (address) => {
    expect(isFetchableAddress(address, false)).toBe(false);
    expect(isFetchableAddress(address, true)).toBe(false);
  });
});
