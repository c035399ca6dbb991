import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Addresses of this machine, its site and its cloud; `url.allowPrivate` opens them. */
const privateRanges: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'], // carrier-grade NAT; holds Alibaba's metadata address
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'], // link-local; holds the metadata address of most clouds
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'], // Azure's host agent, on a public-looking address
  ['192.0.0.0', 24, 'ipv4'], // protocol assignments; holds Oracle's metadata address
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
];

/** Addresses no file can be at, or that hide another address in themselves; never fetched. */
const unusableRanges: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'], // 6to4 relay
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'], // multicast
  ['240.0.0.0', 4, 'ipv4'], // reserved and broadcast
  ['2001::', 23, 'ipv6'], // Teredo and other protocol assignments
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'], // 6to4
  ['3fff::', 20, 'ipv6'],
];

const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');
const privateAddresses = blockListOf(privateRanges);
const unusableAddresses = blockListOf(unusableRanges);

/**
 * Whether a file may be fetched from an IP address, given as `node:dns` writes it.
 * IPv6 outside global unicast is refused as a whole, which covers IPv4-mapped (`::ffff:0:0/96`), NAT64
 * (`64:ff9b::/96`), multicast and the unspecified address.
 */
export function isFetchableAddress(address: string, allowPrivate: boolean): boolean {
  const bare = address.replace(/%.*$/, '');
  const family = isIPv4(bare) ? 'ipv4' : 'ipv6';
  if (family === 'ipv6' && !isIPv6(bare)) return false;
  // BlockList matches IPv4-mapped IPv6 against IPv4 rules, so the embedded form is told by its text.
  if (family === 'ipv6' && /^::ffff:/i.test(bare)) return false;
  if (unusableAddresses.check(bare, family)) return false;
  if (privateAddresses.check(bare, family)) return allowPrivate;
  return family === 'ipv4' || globalUnicast.check(bare, 'ipv6');
}

function blockListOf(ranges: typeof privateRanges): BlockList {
  const list = new BlockList();
  for (const [net, prefix, family] of ranges) list.addSubnet(net, prefix, family);
  return list;
}
