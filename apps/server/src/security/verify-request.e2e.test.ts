import { clientId, emptyBodyHash, utf8 } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { codeOf, securityBench, signingClient } from "../test-support/security-bench.ts";
import type { SecurityBench, SigningClient } from "../test-support/security-bench.ts";
import type { Security } from "./security.ts";
import { checkBody, holdToOwn } from "./verify-request.ts";
import type { Asked } from "./verify-request.ts";
import { nonces } from "./nonces.ts";

let bench: SecurityBench;
let security: Security;
let run: RunId;
let ada: SigningClient;
let count = 0;

beforeAll(async () => {
  bench = await securityBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  count += 1;
  security = bench.open();
  run = await bench.addRun(`run-${count}`);
  ada = await signingClient(bench, { run, client: "ada" });
  const { secret: token } = await security.enrolments.create({ run });
  const { publicKey } = ada.identity;
  await security.enrolments.enrol({ run, client: clientId("ada"), publicKey, token });
});

const get = { method: "GET", path: "/runs/toy/blobs/x?part=1" };
const bodyHash = nodeHash.sha256(utf8("an update"));
const put = { method: "PUT", path: "/runs/toy/rounds/1/updates/ada", bodyHash };

describe("a signed request", () => {
  it("[SE2] is taken from the client whose key signed it", async () => {
    const client = clientId("ada");
    const without = { ...get, headers: await ada.headers(get) };
    expect(await security.requests.request(without)).toEqual({
      ...{ run, client, bodyHash: emptyBodyHash },
    });
    const withBody = { ...put, headers: await ada.headers(put) };
    expect(await security.requests.request(withBody)).toEqual({ run, client, bodyHash });
  });

  it("[SE3] is taken once, of ten at the same moment, and by no other process or later one", async () => {
    const facts = { ...get, headers: await ada.headers(get) };
    const processes = [security, bench.open()];
    const codes = await Promise.all(
      Array.from({ length: 10 }, (_, i) => codeOf(processes[i % 2]!.requests.request(facts))),
    );
    expect(codes.filter((code) => code === null)).toHaveLength(1);
    expect(codes.filter((code) => code === "request-replayed")).toHaveLength(9);
    expect(await codeOf(bench.open().requests.request(facts))).toBe("request-replayed");
  });

  it("[SE3] is not taken again after its nonce could be forgotten", async () => {
    const facts = { ...get, headers: await ada.headers(get) };
    await security.requests.request(facts);
    const used = nonces(bench.ports);
    let forgotten = 0;
    for (let minutes = 0; minutes < 10; minutes++) {
      forgotten += await used.sweep();
      expect(await codeOf(security.requests.request(facts)), `minute ${minutes}`).toBe(
        minutes < 3 ? "request-replayed" : "credential-expired",
      );
      bench.time.ms += 60_000;
    }
    expect(forgotten).toBeGreaterThan(0);
    expect(await bench.prisma.usedNonce.count()).toBe(0);
  });

  it("[SE3] a nonce is its client's own: nobody else's use of it counts", async () => {
    const used = nonces(bench.ports);
    const use = { run, nonce: "0".repeat(32), expires: bench.time.ms };
    expect(await used.use({ ...use, client: clientId("bob") })).toBe(true);
    expect(await used.use({ ...use, client: clientId("ada") })).toBe(true);
    expect(await used.use({ ...use, client: clientId("ada") })).toBe(false);
  });

  it.each<[string, Record<string, string>]>([
    ["a forged signature", { "x-fedtune-signature": "ab".repeat(64) }],
    ["a signature of zeros", { "x-fedtune-signature": "00".repeat(64) }],
    ["a short signature", { "x-fedtune-signature": "ab" }],
    ["another nonce", { "x-fedtune-nonce": "0".repeat(32) }],
    ["a nonce that is none", { "x-fedtune-nonce": "../.." }],
    ["another body", { "x-fedtune-hash": "ab".repeat(32) }],
    ["no body", { "x-fedtune-hash": emptyBodyHash }],
    ["another client's name", { "x-fedtune-client": "bob" }],
    ["a name that is none", { "x-fedtune-client": "__proto__" }],
    ["another run", { "x-fedtune-run": "other" }],
    ["a later expiry", { "x-fedtune-expires": String(Date.UTC(2026, 0, 1) + 3_600_000 * 24) }],
  ])("[SE2] is refused with %s in its place", async (what, header) => {
    const headers = { ...(await ada.headers(put)), ...header };
    const code = what === "a later expiry" ? "credential-expired" : "signature-invalid";
    expect(await codeOf(security.requests.request({ ...put, headers }))).toBe(code);
  });

  it.each([
    ["method", { method: "DELETE" }],
    ["case of the method", { method: "put" }],
    ["path", { path: "/runs/toy/rounds/2/updates/ada" }],
    ["query", { path: `${put.path}?x=1` }],
    ["end of the path", { path: `${put.path}/` }],
    ["spelling of the path", { path: put.path.replace("ada", "%61da") }],
    ["path, with a line feed", { path: `${put.path}\n` }],
  ])("[SE2] is refused at another %s", async (_, change) => {
    const facts = { ...put, headers: await ada.headers(put), ...change };
    expect(await codeOf(security.requests.request(facts))).toBe("signature-invalid");
  });

  it("[SE2] is refused a moment before or after its time, and is taken within the clocks' tolerance", async () => {
    const start = bench.time.ms;
    const at = async (ms: number) => {
      bench.time.ms = start;
      const headers = await ada.headers(get);
      bench.time.ms = start + ms;
      const code = await codeOf(security.requests.request({ ...get, headers }));
      bench.time.ms = start;
      return code;
    };
    // Signed for a minute; a minute more for the clocks.
    expect(await at(120_000)).toBeNull();
    expect(await at(120_001)).toBe("credential-expired");
    // Five minutes ahead at most, and a minute more.
    expect(await at(-300_000)).toBeNull();
    expect(await at(-300_001)).toBe("credential-expired");
  });

  it("[SE1] is refused without a signature, from a stranger, and with a part missing", async () => {
    const code = (headers: Record<string, string>) =>
      codeOf(security.requests.request({ ...get, headers }));
    expect(await code({ authorization: "Bearer x" })).toBe("unauthenticated");
    const stranger = await signingClient(bench, { run, client: "bob" });
    expect(await code(await stranger.headers(get))).toBe("signature-invalid");
    for (const name of Object.keys(await ada.headers(get))) {
      const { [name]: _, ...rest } = await ada.headers(get);
      expect(await code(rest), name).toBe("signature-invalid");
    }
  });

  it("[SE1] an outsider cannot tell a client that exists from one that does not", async () => {
    const stranger = await signingClient(bench, { run, client: "ada" });
    const refusals = await Promise.all(
      ["ada", "zoe"].map(async (client) => {
        const headers = await stranger.headers({ ...get, client });
        const error = (await security.requests
          .request({ ...get, headers })
          .catch((reason: unknown) => reason)) as Error;
        return error.message.replace(client, "NAME");
      }),
    );
    expect(refusals[0]).toBe(refusals[1]);
  });

  it("[SE6] is refused from a revoked client at once, in every process", async () => {
    const before = await ada.headers(get);
    const after = await ada.headers(get);
    const elsewhere = bench.open();
    expect(await codeOf(elsewhere.requests.request({ ...get, headers: before }))).toBeNull();
    await security.clientKeys.revoke(run, clientId("ada"));
    expect(await codeOf(elsewhere.requests.request({ ...get, headers: after }))).toBe(
      "credential-revoked",
    );
    const forged = { ...after, "x-fedtune-signature": "ab".repeat(64) };
    expect(await codeOf(elsewhere.requests.request({ ...get, headers: forged }))).toBe(
      "signature-invalid",
    );
  });

  it("[SE2] holds a body to the hash that was signed", async () => {
    const signed = await security.requests.request({ ...put, headers: await ada.headers(put) });
    expect(() => checkBody(nodeHash, utf8("an update"), signed)).not.toThrow();
    expect(() => checkBody(nodeHash, utf8("an update!"), signed)).toThrow(
      expect.objectContaining({ code: "signature-invalid" }),
    );
  });
});

describe("a signer", () => {
  it("[SE1] may do what is its own, and nothing of another client or run", async () => {
    const signed = await security.requests.request({ ...get, headers: await ada.headers(get) });
    const other = await bench.addRun(`other-${count}`);
    const attempt = (asked: Asked) => () => holdToOwn(signed, asked);
    expect(attempt({ run })).not.toThrow();
    expect(attempt({ run, client: clientId("ada") })).not.toThrow();
    for (const asked of [
      { run: other },
      { run: other, client: clientId("ada") },
      { run, client: clientId("bob") },
    ]) {
      expect(attempt(asked)).toThrow(expect.objectContaining({ code: "forbidden" }));
    }
  });

  it("[SE1] of one run is nobody in another, with the same key and name", async () => {
    const other = await bench.addRun(`other-${count}`);
    const headers = await ada.headers({ ...get, run: other });
    expect(await codeOf(security.requests.request({ ...get, headers }))).toBe("signature-invalid");
  });
});

describe("a socket's handshake", () => {
  it("[SE2] [SE3] is taken once from the client that signed it", async () => {
    const auth = await ada.handshake();
    expect(await security.requests.handshake(auth)).toMatchObject({ run, client: "ada" });
    expect(await codeOf(security.requests.handshake(auth))).toBe("request-replayed");
  });

  it.each<[string, (auth: object) => unknown, string]>([
    ["nothing", () => undefined, "unauthenticated"],
    ["an empty object", () => ({}), "unauthenticated"],
    ["a text", () => "auth", "unauthenticated"],
    ["an unknown field", (auth) => ({ ...auth, role: "admin" }), "signature-invalid"],
    [
      "fields that would change its prototype",
      (auth) => JSON.parse(`{"__proto__":{"x":1},${JSON.stringify(auth).slice(1)}`) as unknown,
      "signature-invalid",
    ],
    ["another client", (auth) => ({ ...auth, client: "bob" }), "signature-invalid"],
    ["an object for a name", (auth) => ({ ...auth, client: { not: "" } }), "signature-invalid"],
    [
      "a signature of somebody",
      (auth) => ({ ...auth, signature: "0".repeat(128) }),
      "signature-invalid",
    ],
  ])("[SE1] [SE2] is refused with %s", async (_, change, code) => {
    const auth = await ada.handshake();
    expect(await codeOf(security.requests.handshake(change(auth)))).toBe(code);
  });

  it("[SE2] is no request, and a request is no handshake", async () => {
    const { run: of, client, nonce, expires, signature } = await ada.handshake();
    const headers = {
      ...{ "x-fedtune-run": of, "x-fedtune-client": client, "x-fedtune-nonce": nonce },
      ...{ "x-fedtune-expires": String(expires), "x-fedtune-signature": signature },
    };
    const facts = { method: "GET", path: "/socket", headers };
    expect(await codeOf(security.requests.request(facts))).toBe("signature-invalid");
  });
});
