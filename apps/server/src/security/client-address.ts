/** Where a request comes from, through the proxies that are trusted and no others. */
import { FedtuneError } from "@fedtune/core";
import { BlockList, isIP } from "node:net";
import type { IncomingMessage } from "node:http";

/**
 * Whose `X-Forwarded-For` is believed: nobody's, that of proxies on this machine, of proxies in these networks, or of so
 * many proxies in a row, whatever their addresses. A number is right only where nobody can pass the proxies by.
 */
export type ProxyTrust = "none" | "loopback" | number | readonly string[];

/** Whether an address is that of a trusted proxy, `hop` steps from here; Express takes it as its `trust proxy`. */
export type IsTrusted = (address: string, hop: number) => boolean;

/**
 * Reads whom to trust.
 *
 * @throws FedtuneError `config-invalid` for a network that is none, such as `10.0.0.0/40`
 */
export function trustedProxies(trust: ProxyTrust): IsTrusted {
  if (typeof trust === "number") return (_address, hop) => hop < trust;
  const list = new BlockList();
  const networks = trust === "none" ? [] : trust === "loopback" ? ["127.0.0.0/8", "::1"] : trust;
  for (const network of networks) addNetwork(list, network);
  return (address) => {
    const plain = plainAddress(address);
    return isIP(plain) !== 0 && list.check(plain, familyOf(plain));
  };
}

function addNetwork(list: BlockList, network: string): void {
  const [, address = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
  const most = isIP(address) === 6 ? 128 : 32;
  const length = bits === undefined ? most : Number(bits);
  if (isIP(address) === 0 || length > most || length === 0) {
    const message = `Cannot trust proxies in "${network}": wanted a network like 10.0.0.0/8`;
    throw new FedtuneError("config-invalid", message, { data: { network } });
  }
  list.addSubnet(address, length, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

/**
 * The address of who asks: the nearest one, from this end of the line, that is no trusted proxy's. What stands before
 * it in `X-Forwarded-For` is that one's own word.
 */
export function clientAddress(request: IncomingMessage, isTrusted: IsTrusted): string {
  let address = plainAddress(request.socket.remoteAddress ?? "");
  const header = request.headers["x-forwarded-for"];
  const hops = (Array.isArray(header) ? header.join(",") : (header ?? "")).split(",").reverse();
  for (const [steps, text] of hops.entries()) {
    const hop = plainAddress(text.trim());
    if (!isTrusted(address, steps) || isIP(hop) === 0) break;
    address = hop;
  }
  return address;
}

/** An IPv4 address in IPv6 clothes without them. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
}

/** What an address counts as: an IPv6 host has 2^64 of them, so its whole network does. */
export function addressKey(address: string): string {
  const plain = plainAddress(address);
  return isIP(plain) === 6 ? `${groupsOf(plain).slice(0, 4).join(":")}::/64` : plain;
}

function groupsOf(address: string): string[] {
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = (text: string | undefined): string[] =>
    (text ?? "").split(":").filter((group) => group !== "");
  const [first, last] = [groups(head), groups(tail)];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const all = [...first, ...new Array<string>(zeros).fill("0"), ...last];
  return all.map((group) => group.replace(/^0+(?=.)/, ""));
}
