import { BlockList, isIPv4, isIPv6 } from 'node:net';

type Ranges = readonly (readonly [net: string, prefix: number])[];

/** Addresses of this machine, its site and its cloud; `url.allowPrivate` opens them. */
const privateIpv4: Ranges = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT; holds Alibaba's metadata address
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local; holds the metadata address of most clouds
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['168.63.129.16', 32], // Azure's host agent, on a public-looking address
  ['192.0.0.0', 24], // protocol assignments; holds Oracle's metadata address
];
const privateIpv6: Ranges = [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
];

/** Addresses no file can be at; never fetched. */
const unusableIpv4: Ranges = [
  ['0.0.0.0', 8],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24], // 6to4 relay
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved and broadcast
];

/** Parts of global unicast that hide another address in themselves or belong to nobody. */
const unusableIpv6: Ranges = [
  ['2001::', 23], // Teredo and other protocol assignments
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4
  ['3fff::', 20],
];
const globalUnicast: Ranges = [['2000::', 3]];

// One list a family: BlockList would match an IPv4-mapped IPv6 address against the rules for IPv4.
const lists = {
  ipv4: { private: blockList(privateIpv4, 'ipv4'), unusable: blockList(unusableIpv4, 'ipv4') },
  ipv6: {
    private: blockList(privateIpv6, 'ipv6'),
    unusable: blockList(unusableIpv6, 'ipv6'),
    global: blockList(globalUnicast, 'ipv6'),
  },
};

/**
 * Whether a file may be fetched from an IP address, given as `node:dns` writes it.
 * IPv6 outside global unicast is refused as a whole, which covers IPv4-mapped (`::ffff:0:0/96`), NAT64
 * (`64:ff9b::/96`), multicast and the unspecified address.
 */
export function isFetchableAddress(address: string, allowPrivate: boolean): boolean {
  const bare = address.replace(/%.*$/, '');
  if (isIPv4(bare)) {
    if (lists.ipv4.private.check(bare)) return allowPrivate;
    return !lists.ipv4.unusable.check(bare);
  }
  if (!isIPv6(bare)) return false;
  if (lists.ipv6.private.check(bare, 'ipv6')) return allowPrivate;
  return lists.ipv6.global.check(bare, 'ipv6') && !lists.ipv6.unusable.check(bare, 'ipv6');
}

function blockList(ranges: Ranges, family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of ranges) list.addSubnet(net, prefix, family);
  return list;
}
