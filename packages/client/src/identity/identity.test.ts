import {
  canonicalRequest,
  clientId,
  isFedtuneError,
  runId,
  signedHeadersSchema,
} from "@fedtune/core";
import type { FedtuneError, RequestToSign } from "@fedtune/core";
import { Buffer } from "node:buffer";
import { createPublicKey, verify, webcrypto } from "node:crypto";
import { describe, expect, it } from "vitest";
import { enrol } from "./enrol.ts";
import type { PostFetch } from "./enrol.ts";
import { createIdentity, identityFrom } from "./identity.ts";
import { signedHandshake, signedHeaders } from "./signed-request.ts";

const run = runId("toy");
const client = clientId("ada");
let drawn = 0;
const ports = {
  wallTime: () => 1_792_000_000_000.5,
  entropy: { bytes: (length: number) => new Uint8Array(length).fill((drawn += 1)) },
};

/** Node's own Ed25519, not WebCrypto's. */
function isSigned(publicKey: string, request: RequestToSign, signature: string): boolean {
  const x = Buffer.from(publicKey, "hex").toString("base64url");
  const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
  return verify(null, canonicalRequest(request), key, Buffer.from(signature, "hex"));
}

describe("an identity", () => {
  it("[SE2] signs a request with method, path, body, nonce and expiry", async () => {
    const { identity } = await createIdentity(webcrypto.subtle);
    const bodyHash = signedHeadersSchema.shape["x-fedtune-hash"].parse("ab".repeat(32));
    const request = { method: "PUT", path: "/runs/toy/x?y=1", bodyHash, run, client };
    const headers = await signedHeaders(identity, request, ports);
    const claim = signedHeadersSchema.parse(headers);
    expect(claim["x-fedtune-expires"]).toBe(1_792_000_060_000);
    expect(claim["x-fedtune-hash"]).toBe(bodyHash);
    const signed = {
      ...request,
      nonce: claim["x-fedtune-nonce"],
      expires: claim["x-fedtune-expires"],
    };
    const signature = claim["x-fedtune-signature"];
    expect(isSigned(identity.publicKey, signed, signature)).toBe(true);
    expect(isSigned(identity.publicKey, { ...signed, method: "GET" }, signature)).toBe(false);
    expect(isSigned(identity.publicKey, { ...signed, expires: 0 }, signature)).toBe(false);
  });

  it("[SE3] draws a nonce for every signature", async () => {
    const { identity } = await createIdentity(webcrypto.subtle);
    const one = await signedHandshake(identity, { run, client }, ports);
    const other = await signedHandshake(identity, { run, client }, ports);
    expect(one.nonce).not.toBe(other.nonce);
    expect(one.signature).not.toBe(other.signature);
  });

  it("keeps its private key to itself, and is the same again from kept keys", async () => {
    const { identity, keys } = await createIdentity(webcrypto.subtle);
    expect(keys.privateKey).toMatchObject({ extractable: false });
    await expect(webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).rejects.toThrow();
    const again = await identityFrom(webcrypto.subtle, keys);
    expect(again.publicKey).toBe(identity.publicKey);
    const bytes = new Uint8Array([1, 2, 3]);
    expect(await again.sign(bytes)).toEqual(await identity.sign(bytes));
  });
});

it("an identity cannot be made where there is no Ed25519", async () => {
  const { subtle } = webcrypto;
  const old = {
    exportKey: subtle.exportKey.bind(subtle),
    sign: subtle.sign.bind(subtle),
    generateKey: () => Promise.reject(new DOMException("no such algorithm", "NotSupportedError")),
  };
  await expect(createIdentity(old)).rejects.toMatchObject({ code: "backend-unavailable" });
});

describe("enrolment", () => {
  const signal = new AbortController().signal;
  const answering =
    (status: number, text: string): PostFetch =>
    () =>
      Promise.resolve({ ok: status < 300, status, text: () => Promise.resolve(text) });

  async function refusal(fetch: PostFetch): Promise<FedtuneError> {
    const { identity } = await createIdentity(webcrypto.subtle);
    const enrolment = { url: "http://h:1", run, client, token: "fte_x", identity, signal, fetch };
    const error: unknown = await enrol(enrolment).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!isFedtuneError(error)) throw new Error(`wanted a refusal, not ${String(error)}`);
    return error;
  }

  it("[SE4] posts client, public key and token", async () => {
    const { identity } = await createIdentity(webcrypto.subtle);
    const asked: unknown[] = [];
    const fetch: PostFetch = (url, request) => {
      asked.push({ url, ...request, body: JSON.parse(request.body) as unknown });
      return answering(204, "")(url, request);
    };
    await enrol({ fetch, url: "http://h:1", run, client, token: "fte_x", identity, signal });
    expect(asked).toMatchObject([
      {
        url: "http://h:1/api/v1/runs/toy/enrolments",
        method: "POST",
        redirect: "error",
        body: { client: "ada", publicKey: identity.publicKey, token: "fte_x" },
      },
    ]);
  });

  it("[SE1] ends in the coordinator's own refusal, or in what its proxy's answer means", async () => {
    const body = JSON.stringify({ code: "credential-expired", message: "m", data: { a: 1 } });
    expect(await refusal(answering(401, body))).toMatchObject({
      code: "credential-expired",
      data: { a: 1 },
    });
    expect((await refusal(answering(502, "<html>"))).code).toBe("transport-closed");
    expect((await refusal(answering(404, "{}"))).code).toBe("internal");
    const unreachable = await refusal(() => Promise.reject(new Error("no route")));
    expect(unreachable).toMatchObject({ code: "transport-closed" });
    expect(unreachable.message).not.toContain("fte_x");
  });
});
