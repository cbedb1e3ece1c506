/** Files of a run's base model: to clients that sign and to operators, by exact name, as they are at this moment. */
import { modelFilePath } from "@fedtune/api";
import type { OutputOf } from "@fedtune/api";
import { clientId, runId } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toyConfig } from "../test-support/toy-run.ts";
import { modelBytes, wholeCoordinator } from "../test-support/whole-coordinator.ts";
import type { WholeCoordinator } from "../test-support/whole-coordinator.ts";

const run = runId("toy");
const page = "https://lab.example";
const config = { ...toyConfig({ name: run }), model: "somewhere/toy-model" };

let coordinator: WholeCoordinator;
beforeAll(async () => {
  coordinator = await wholeCoordinator({ openEnrolment: false, allowedOrigins: [page] });
  for (const body of [config, toyConfig({ name: "other" })])
    await coordinator.client().createRun({ body: { config: body, start: true } });
});
afterAll(() => coordinator.close());

describe("files of the base model", () => {
  let files: OutputOf<"getModel">["files"];
  beforeAll(async () => {
    files = (await coordinator.client().getModel({ params: { run } })).files;
  });
  const pathOf = (name: string): string =>
    modelFilePath(run, files.find((file) => file.name === name) ?? { name, hash: "" });
  const weights = () => pathOf("model.safetensors");
  const program = () => ({ authorization: `Bearer ${coordinator.secret}` });
  const ask = (path: string, headers: Record<string, string>, method = "GET") =>
    fetch(coordinator.url + path, { headers, method });

  it("[WP7] [SE2] come to a client that signs the request, with a hash, to be kept for good", async () => {
    const client = await coordinator.enrolled(run, "fetcher");
    const answer = await ask(weights(), await client.headers({ method: "GET", path: weights() }));
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const hash = nodeHash.sha256(bytes);
    expect(Buffer.from(bytes).toString()).toBe(modelBytes["model.safetensors"]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "cache-control": "private, immutable, max-age=31536000",
      "content-length": "320000",
      "content-type": "application/octet-stream",
      "x-content-type-options": "nosniff",
      "x-fedtune-hash": hash,
      etag: `"${hash}"`,
    });
  });

  it("[WP7] [SE1] [SE2] come to nobody else", async () => {
    const status = async (headers: Record<string, string>, path = weights()) =>
      (await ask(path, headers)).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: "Bearer ft_x" })).toBe(401);
    const stranger = await coordinator.enrolled(runId("other"), "stranger");
    expect(await status(await stranger.headers({ method: "GET", path: weights() }))).toBe(403);
    const client = await coordinator.enrolled(run, "leaver");
    const elsewhere = await client.headers({ method: "GET", path: pathOf("config.json") });
    expect(await status(elsewhere)).toBe(401);
    await coordinator.security.clientKeys.revoke(run, clientId("leaver"));
    expect(await status(await client.headers({ method: "GET", path: weights() }))).toBe(401);
    const { token, secret } = await coordinator.security.apiTokens.create(
      { name: "reader", scopes: ["runs:read"], expiresAt: null },
      { kind: "token", actor: "system", scopes: ["admin"] },
    );
    expect(await status({ authorization: `Bearer ${secret}` })).toBe(403);
    await coordinator.security.apiTokens.revoke(token.id);
    expect(await status(program())).toBe(200);
  });

  it.each([
    ...["vocab.txt", "secrets.env", "nothing.json", "..%2f..%2fetc%2fpasswd", "%2e%2e", "a%00b"],
    ...["config.json%2f..%2fsecrets.env", "..%5csecrets.env", "x".repeat(300)],
  ])("[HT1] are those of the list and no other: %s", async (name) => {
    const answer = await ask(`/runs/${run}/model/files/${name}`, program());
    expect([400, 404]).toContain(answer.status);
    expect(await answer.text()).not.toContain("canary");
  });

  it("have a run", async () => {
    const answer = await ask("/runs/nowhere/model/files/config.json", program());
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "run-unknown" }]);
    // A model that this machine does not hand out.
    expect((await ask("/runs/other/model/files/config.json", program())).status).toBe(404);
  });

  it("are not sent again to whoever has them", async () => {
    const { headers } = await ask(weights(), program(), "HEAD");
    expect(headers.get("content-length")).toBe("320000");
    const plain = `/runs/${run}/model/files/config.json`;
    const first = await ask(plain, program());
    expect(first.headers.get("cache-control")).toBe("private, no-cache");
    const again = {
      ...program(),
      "if-none-match": first.headers.get("etag")!,
      "cache-control": "x",
    };
    expect((await ask(plain, again)).status).toBe(304);
  });

  it("that have changed are not sent under the hash of before", async () => {
    const before = pathOf("tokenizer.json");
    const path = join(coordinator.modelFolder, "tokenizer.json");
    await rename(path, `${path}.old`);
    await writeFile(path, "[]");
    await utimes(path, 1_000, 1_000);
    const answer = await ask(before, program());
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "blob-missing" }]);
    const now = await coordinator.client().getModel({ params: { run } });
    expect(now.files.find(({ name }) => name === "tokenizer.json")?.hash).toBe(
      nodeHash.sha256(Buffer.from("[]")),
    );
    expect((await ask(`/runs/${run}/model/files/tokenizer.json`, program())).status).toBe(200);
    await rename(`${path}.old`, path);
  });

  it("[TR11] may be read by pages of an allowed origin, and of no other", async () => {
    const path = weights();
    const preflight = (origin: string) =>
      fetch(coordinator.url + path, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-headers": "x-fedtune-signature" },
      });
    const { headers, status } = await preflight(page);
    expect([status, headers.get("access-control-allow-origin")]).toEqual([204, page]);
    expect(headers.get("access-control-allow-headers")).toContain("x-fedtune-signature");
    expect((await preflight("https://evil.example")).status).toBe(403);
    const client = await coordinator.enrolled(run, "elsewhere");
    const signed = await client.headers({ method: "GET", path });
    const answer = await ask(path, { ...signed, origin: page });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "access-control-allow-origin": page,
      "cross-origin-resource-policy": "cross-origin",
    });
    await answer.arrayBuffer();
  });
});
