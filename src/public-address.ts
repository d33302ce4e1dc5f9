import type { LookupAddress } from "node:dns";
import { BlockList, isIPv4, isIPv6, type LookupFunction } from "node:net";
import { Permanent } from "./errors.ts";

/**
 * True for an address of the public Internet, false for one that leads into our own house: loopback, private, link-local
 * (cloud metadata), carrier-grade NAT, unique local, multicast, reserved; also where IPv6 merely carries such an IPv4
 * address, and for what is no address at all.
 *
 * @param address an IP address without brackets or port; a zone (`fe80::1%eth0`) may follow it
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !NOT_PUBLIC.check(address, "ipv4");
  const bare = address.split("%")[0] ?? "";
  if (!isIPv6(bare)) return false;
  const carried = carriedIpv4(bare);
  if (carried !== null) return isPublicAddress(carried);
  // Only 2000::/3 is given out as global unicast (IANA IPv6 address space registry), so whatever is new is not public.
  return GLOBAL_UNICAST.check(bare, "ipv6") && !NOT_PUBLIC.check(bare, "ipv6");
}

/**
 * Resolves names for sockets, to public addresses only. It runs inside the connect, so the address that is judged is the
 * address that is connected to, and a name that answers differently the second time gains nothing.
 */
export function publicLookup(resolve: (hostname: string) => Promise<readonly LookupAddress[]>): LookupFunction {
  return (hostname, { all }, callback) => {
    resolve(hostname).then(
      (found) => {
        const usable = found.filter(({ address }) => isPublicAddress(address));
        const [first] = usable;
        if (first === undefined) callback(privateAddress(hostname), "");
        else if (all) callback(null, usable);
        else callback(null, first.address, first.family);
      },
      (error) => callback(error, ""),
    );
  };
}

/** @param what host, or address without its query */
export function privateAddress(what: string): Permanent {
  return new Permanent(`${what} leads to a private address. Only an address that a setting names may.`);
}

const GLOBAL_UNICAST = new BlockList();
GLOBAL_UNICAST.addSubnet("2000::", 3, "ipv6");

/** IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates): everything not globally reachable. */
const NOT_PUBLIC = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["3fff::", 20],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, "ipv6");
}
// Azure's metadata and DNS service sits on a public address.
NOT_PUBLIC.addAddress("168.63.129.16", "ipv4");

/**
 * The IPv4 address inside a mapped (`::ffff:a.b.c.d`), NAT64 (`64:ff9b::a.b.c.d`, RFC 6052), 6to4 (`2002:…`, RFC 3056) or
 * ISATAP address (`…:0:5efe:a.b.c.d`, RFC 5214 6.1). Teredo carries one as well, and is not public as a whole.
 */
function carriedIpv4(address: string): string | null {
  // The URL parser writes an IPv6 address one way only: short, lower case, in hexadecimal (WHATWG URL 3.5).
  const groups = expand(new URL(`http://[${address}]`).hostname.slice(1, -1));
  const head = groups.slice(0, 6).join(":");
  if (head === "0:0:0:0:0:ffff" || head === "64:ff9b:0:0:0:0") return dotted(groups.slice(6));
  if (groups[0] === "2002") return dotted(groups.slice(1, 3));
  return groups[5] === "5efe" && (groups[4] === "0" || groups[4] === "200") ? dotted(groups.slice(6)) : null;
}

function expand(short: string): string[] {
  const [left = [], right] = short.split("::").map((half) => (half === "" ? [] : half.split(":")));
  if (right === undefined) return [...left];
  return [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
}

function dotted(groups: readonly string[]): string {
  return groups
    .map((group) => Number.parseInt(group, 16))
    .flatMap((value) => [value >> 8, value & 255])
    .join(".");
}
