import * as fc from "fast-check";
import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { addressKey, clientAddress, trustedProxies } from "./client-address.ts";
import type { ProxyTrust } from "./client-address.ts";

/** The address that counts for a request from `peer` with this header. */
function addressOf(trust: ProxyTrust, peer: string, forwarded?: string): string {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  const request = { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
  return clientAddress(request, trustedProxies(trust));
}

describe("the address of who asks", () => {
  it.each<[string, ProxyTrust, string, string | undefined, string]>([
    ["without proxies", "none", "203.0.113.9", undefined, "203.0.113.9"],
    ["whatever it says, when nobody is trusted", "none", "127.0.0.1", "1.2.3.4", "127.0.0.1"],
    ["whatever it says, when it is no proxy", "loopback", "203.0.113.9", "1.2.3.4", "203.0.113.9"],
    ["that a proxy on this machine tells", "loopback", "127.0.0.1", "1.2.3.4", "1.2.3.4"],
    ["that one tells over IPv6", "loopback", "::1", "2001:db8::1", "2001:db8::1"],
    ["that one tells over IPv4 in IPv6", "loopback", "::ffff:127.0.0.1", "1.2.3.4", "1.2.3.4"],
    ["that the nearest stranger has", "loopback", "127.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"],
    ["behind two proxies", ["10.0.0.0/8"], "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.9.9.9", "1.2.3.4"],
    [
      "behind a proxy that talks nonsense",
      ["10.0.0.1"],
      "10.0.0.1",
      "1.2.3.4, unknown",
      "10.0.0.1",
    ],
    ["when all are proxies", ["10.0.0.0/8"], "10.0.0.1", "10.0.0.2", "10.0.0.2"],
    ["behind one proxy, wherever it is", 1, "10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"],
    ["behind two", 2, "10.0.0.1", "6.6.6.6, 1.2.3.4, 203.0.113.1", "1.2.3.4"],
    ["behind none", 0, "10.0.0.1", "1.2.3.4", "10.0.0.1"],
    ["in a network of IPv6", ["fd00::/8"], "fd00::1", "1.2.3.4", "1.2.3.4"],
  ])("[SE10] is the one %s", (_, trust, peer, forwarded, address) => {
    expect(addressOf(trust, peer, forwarded)).toBe(address);
  });

  it.each([
    "",
    "10.0.0.0/40",
    "10.0.0.0/0",
    "::/0",
    "proxy.example",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
  ])("is not told by proxies in %j", (network) => {
    expect(() => trustedProxies([network])).toThrow(
      expect.objectContaining({ code: "config-invalid" }),
    );
  });
});

describe("what an address counts as", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
  ])("[SE10] is of %s %s", (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it("[SE10] is the same for all spellings of a network, and another for another", () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const eight = fc.tuple(group, group, group, group, group, group, group, group);
    const full = (groups: readonly number[]) =>
      groups.map((value) => value.toString(16).padStart(4, "0")).join(":");
    const short = (groups: readonly number[]) =>
      new URL(`http://[${groups.map((value) => value.toString(16)).join(":")}]`).hostname.slice(
        1,
        -1,
      );
    fc.assert(
      fc.property(eight, eight, (one, other) => {
        expect(addressKey(short(one))).toBe(addressKey(full(one)));
        const mixed = [...one.slice(0, 4), ...other.slice(4)];
        expect(addressKey(full(mixed))).toBe(addressKey(full(one)));
        const isSame = one.slice(0, 4).every((value, i) => value === other[i]);
        expect(addressKey(full(one)) === addressKey(full(other))).toBe(isSame);
      }),
    );
  });
});
