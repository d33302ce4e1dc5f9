/**
 * Whether a host is this machine itself: `localhost` and names below it (RFC 6761 6.3), 127.0.0.0/8, `::1`.
 *
 * @param host as a URL's `hostname` has it, or an address alone
 */
export function isLoopbackHost(host: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/u.test(host.toLowerCase());
}
