import { loadGolden, nodeHash } from "@fedtune/testkit";
import type { Provenance } from "@fedtune/testkit";
import * as fc from "fast-check";
import { Buffer } from "node:buffer";
import { createPublicKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { utf8 } from "../bytes.ts";
import { clientId, digest, runId } from "../ids.ts";
import {
  canonicalRequest,
  emptyBodyHash,
  handshakeSchema,
  isSignable,
  signatureHeaders,
  signedHeadersSchema,
} from "./signing.ts";
import type { RequestToSign } from "./signing.ts";

interface Golden {
  readonly provenance: Provenance;
  readonly requests: readonly (Omit<RequestToSign, "bodyHash"> &
    Record<"body" | "bodyHash" | "signed" | "publicKey" | "signature", string>)[];
}

const { requests } = loadGolden<Golden>(new URL("../../golden/signing.json", import.meta.url));

const plain: RequestToSign = {
  method: "GET",
  path: "/runs/toy/blobs/x?y=1",
  bodyHash: emptyBodyHash,
  run: runId("toy"),
  client: clientId("ada"),
  nonce: "0123456789abcdef0123456789abcdef",
  expires: 1_792_000_000_000,
};

/** Requests near to each other: short alphabets, so that fields often begin and end alike. */
const signable: fc.Arbitrary<RequestToSign> = fc.record({
  method: fc.constantFrom("GET", "GE", "PUT", "PU", "CONNECT"),
  path: fc
    .array(fc.constantFrom("/", "G", "a", "0", "?", "%0A", "~"), { maxLength: 5 })
    .map((parts) => `/${parts.join("")}`),
  bodyHash: fc.constantFrom(emptyBodyHash, digest("0".repeat(64)), digest(`${"0".repeat(63)}1`)),
  run: fc.constantFrom("a", "aa", "A", "0", "a0").map(runId),
  client: fc.constantFrom("a", "aa", "A", "0", "a0").map(clientId),
  nonce: fc.constantFrom("0".repeat(32), `${"0".repeat(31)}1`),
  expires: fc.constantFrom(0, 1, 10, 100, 1_792_000_000_000),
});

describe("the bytes of a request", () => {
  it.each(requests)("[SE2] are those of the golden $method $path", (golden) => {
    const bodyHash = nodeHash.sha256(utf8(golden.body));
    expect(bodyHash).toBe(golden.bodyHash);
    const bytes = canonicalRequest({ ...golden, bodyHash });
    expect(Buffer.from(bytes).toString("hex")).toBe(golden.signed);
    const x = Buffer.from(golden.publicKey, "hex").toString("base64url");
    const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
    expect(verify(null, bytes, key, Buffer.from(golden.signature, "hex"))).toBe(true);
  });

  it("[SE2] are the same for the same request only", () => {
    const key = (request: RequestToSign): string =>
      Buffer.from(canonicalRequest(request)).toString("latin1");
    fc.assert(
      fc.property(signable, signable, (one, other) => {
        const same = (Object.keys(one) as (keyof RequestToSign)[]).every(
          (f) => one[f] === other[f],
        );
        expect(key(one) === key(other)).toBe(same);
      }),
      { numRuns: 2000 },
    );
  });

  it("[SE2] can be read back to the one request that they are of", () => {
    fc.assert(
      fc.property(signable, (request) => {
        const lines = Buffer.from(canonicalRequest(request)).toString("ascii").split("\n");
        expect(lines).toEqual([
          ...["fedtune-request-v1", request.method, request.path, request.bodyHash, request.run],
          ...[request.client, request.nonce, String(request.expires), "end", ""],
        ]);
      }),
    );
  });

  it.each<[string, Partial<Record<keyof RequestToSign, unknown>>]>([
    ["a line feed in the path", { path: "/a\nb" }],
    ["a space in the path", { path: "/a b" }],
    ["a path beyond ASCII", { path: "/\u00e9" }],
    ["half a character", { path: "/\ud800" }],
    ["no path", { path: "" }],
    ["a path that is endless", { path: `/${"x".repeat(2048)}` }],
    ["a method in lower case", { method: "get" }],
    ["a line feed in the method", { method: "GET\n" }],
    ["a line feed in the run", { run: "toy\nada" }],
    ["a line feed after the client", { client: "ada\n" }],
    ["a short nonce", { nonce: "00" }],
    ["a nonce in upper case", { nonce: "A".repeat(32) }],
    ["a hash that is none", { bodyHash: "00" }],
    ["a broken expiry", { expires: 1.5 }],
    ["an expiry before 1970", { expires: -1 }],
    ["an expiry that is no number", { expires: NaN }],
  ])("refuse %s", (_, part) => {
    expect(() => canonicalRequest({ ...plain, ...part } as RequestToSign)).toThrow(RangeError);
  });

  it("say beforehand what cannot have been signed", () => {
    expect(isSignable("GET", "/a?b=%20")).toBe(true);
    expect(isSignable("GET", "/a b")).toBe(false);
    expect(isSignable("get", "/a")).toBe(false);
  });
});

describe("what carries a signature", () => {
  const { run, client, nonce, expires } = plain;
  const signature = "ab".repeat(64);
  const headers = {
    ...{ "x-fedtune-run": run, "x-fedtune-client": client, "x-fedtune-nonce": nonce },
    ...{ "x-fedtune-expires": String(expires), "x-fedtune-signature": signature },
  };

  it("reads headers; without a body its hash is that of nothing", () => {
    expect(nodeHash.sha256(new Uint8Array())).toBe(emptyBodyHash);
    expect(signedHeadersSchema.parse({ ...headers, host: "h" })).toEqual({
      ...headers,
      [signatureHeaders.expires]: expires,
      [signatureHeaders.bodyHash]: emptyBodyHash,
    });
  });

  it.each([
    ["x-fedtune-run", "to y"],
    ["x-fedtune-client", "ada, ada"],
    ["x-fedtune-nonce", `${nonce}, ${nonce}`],
    ["x-fedtune-expires", "1e3"],
    ["x-fedtune-expires", "01"],
    ["x-fedtune-expires", "-1"],
    ["x-fedtune-signature", signature.toUpperCase()],
    ["x-fedtune-hash", "00"],
  ])("[SE2] refuses header %s: %s", (name, value) => {
    expect(signedHeadersSchema.safeParse({ ...headers, [name]: value }).success).toBe(false);
  });

  it("[SE2] refuses a handshake with unknown fields, such as those that would change its prototype", () => {
    const claim = { run, client, nonce, expires, signature };
    expect(handshakeSchema.parse(claim)).toEqual(claim);
    const polluted = JSON.parse(
      `{ "__proto__": { "isAdmin": true }, ${JSON.stringify(claim).slice(1)}`,
    ) as unknown;
    expect(handshakeSchema.safeParse(polluted).success).toBe(false);
    expect(handshakeSchema.safeParse({ ...claim, role: "admin" }).success).toBe(false);
    expect(handshakeSchema.safeParse({ ...claim, constructor: {} }).success).toBe(false);
    expect(handshakeSchema.safeParse({ ...claim, expires: String(expires) }).success).toBe(false);
  });
});
