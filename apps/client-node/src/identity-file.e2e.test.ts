import { utf8 } from "@fedtune/core";
import { createPublicKey, verify } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { identityFile } from "./identity-file.ts";

let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fedtune-identity-"));
  folder = join(root, "lab.example-0123", "ada");
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("an identity in a file", () => {
  it("[SE5] is made once and is the same ever after", async () => {
    const first = await identityFile(folder);
    const again = await identityFile(folder);
    expect(again.publicKey).toBe(first.publicKey);
    const x = Buffer.from(first.publicKey, "hex").toString("base64url");
    const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
    const signature = await again.sign(utf8("request"));
    expect(signature).toHaveLength(64);
    expect(verify(null, utf8("request"), key, signature)).toBe(true);
    expect(verify(null, utf8("another"), key, signature)).toBe(false);
  });

  it("[SE5] is one even when many start at the same moment", async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => identityFile(folder)));
    expect(new Set(made.map(({ publicKey }) => publicKey)).size).toBe(1);
    expect(await readdir(folder)).toEqual(["identity.pem"]);
  });

  it("[SE7] is for its owner's eyes only", async () => {
    await identityFile(folder);
    const file = join(folder, "identity.pem");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await chmod(file, 0o640);
    await expect(identityFile(folder)).rejects.toMatchObject({
      code: "config-invalid",
      data: { mode: "640" },
    });
  });

  it.each([
    ["empty", ""],
    ["cut off", null],
    ["a key of another kind", "rsa"],
  ])("[SE7] is refused when it is %s, shown to nobody and left as it is", async (_, content) => {
    await identityFile(folder);
    const file = join(folder, "identity.pem");
    const pem = await readFile(file, "utf8");
    const text = content ?? pem.slice(0, 70);
    await writeFile(file, text);
    const error: unknown = await identityFile(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "state-corrupt", data: { file } });
    expect(JSON.stringify(error)).not.toContain(pem.slice(30, 60));
    expect(await readFile(file, "utf8")).toBe(text);
  });

  it("ends in storage-failed where nothing can be written", async () => {
    await writeFile(join(root, "file"), "");
    await expect(identityFile(join(root, "file", "ada"))).rejects.toMatchObject({
      code: "storage-failed",
    });
  });
});
