import { isFedtuneError } from "@fedtune/core";
import type { FedtuneError } from "@fedtune/core";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commit, fakeHub, files } from "../test-support/fake-hub.ts";
import type { FakeHub } from "../test-support/fake-hub.ts";
import { parseHubName } from "./node-hub-name.ts";
import type { HubName } from "./node-hub-name.ts";
import { fetchHubModel, hubModelFolder } from "./node-hub.ts";
import { hubSettings } from "./node-hub-settings.ts";

const name: HubName = { repo: "someone/tiny", revision: "main" };
let hub: FakeHub;
let home: string;

beforeEach(async () => {
  hub = await fakeHub(files());
  home = await mkdtemp(join(tmpdir(), "fedtune-hub-"));
});
afterEach(async () => {
  await hub.close();
  await rm(home, { recursive: true, force: true });
});

const environment = (more: Record<string, string> = {}) => ({
  ...{ HF_HOME: home, HF_ENDPOINT: hub.url, HF_HUB_DOWNLOAD_TIMEOUT: "30" },
  ...more,
});
/** For a hub that is silent on purpose; a busy machine is silent for a while too. */
const impatient = { HF_HUB_DOWNLOAD_TIMEOUT: "2" };
const fetchIt = (more: Record<string, string> = {}, asked = name) =>
  fetchHubModel(asked, { settings: hubSettings(environment(more)) });

async function failure(work: Promise<unknown>): Promise<FedtuneError> {
  const error: unknown = await work.then(
    () => expect.unreachable(),
    (reason: unknown) => reason,
  );
  if (!isFedtuneError(error)) throw error;
  return error;
}

const folder = () => join(home, "hub", "models--someone--tiny");
const blobs = () => readdir(join(folder(), "blobs")).catch(() => []);

describe("a model of a hub", () => {
  test("[TN24] is fetched into Python's cache layout, and only what a model needs", async () => {
    const told: number[] = [];
    const settings = hubSettings(environment());
    const model = await fetchHubModel(name, {
      settings,
      onProgress: ({ done, total }) => told.push(done / total),
    });
    expect(model).toEqual({
      folder: join(folder(), "snapshots", commit),
      commit,
      name: `hub:someone/tiny@${commit}`,
    });
    expect(hubModelFolder(model.name, settings)).toBe(model.folder);
    const present = await readdir(model.folder);
    expect(present.sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
    for (const file of present)
      expect(await readFile(join(model.folder, file))).toEqual(hub.contents.get(file));
    const link = await readlink(join(model.folder, "model.safetensors"));
    expect(link).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    expect(await readFile(join(folder(), "refs", "main"), "utf8")).toBe(commit);
    expect(told.at(-1)).toBe(1);
    expect(hub.seenTokens).toEqual([]);
  });

  test("of shards comes with all of them", async () => {
    await hub.close();
    hub = await fakeHub(files({ sharded: true }));
    const { folder: snapshot } = await fetchIt();
    const present = (await readdir(snapshot)).filter((file) => file.includes("safetensors"));
    expect(present.sort()).toEqual([
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
      "model.safetensors.index.json",
    ]);
  });

  test("is answered from the cache: offline by its branch, online by its commit", async () => {
    await fetchIt();
    const asked = hub.requests.length;
    expect((await fetchIt({ HF_HUB_OFFLINE: "1" })).commit).toBe(commit);
    expect((await fetchIt({}, { ...name, revision: commit })).commit).toBe(commit);
    expect(hub.requests).toHaveLength(asked);
    await rm(join(folder(), "snapshots", commit, "model.safetensors"));
    const lack = await failure(fetchIt({ HF_HUB_OFFLINE: "1" }));
    expect(lack.code).toBe("file-missing");
    expect(lack.message).toContain("model.safetensors is not in");
    const never = { ...name, repo: "someone/other" };
    expect((await failure(fetchIt({ HF_HUB_OFFLINE: "yes" }, never))).code).toBe("file-missing");
    // Only the link was lost.
    await fetchIt();
    expect(hub.downloads("model.safetensors")).toBe(1);
  });

  test("asks with the token, which no other place learns", async () => {
    hub.behave({ redirect: true });
    await fetchIt({ HF_TOKEN: "hf_secret" });
    expect(new Set(hub.seenTokens)).toEqual(new Set(["Bearer hf_secret"]));
    expect(hub.tokensElsewhere).toEqual([]);
    expect(hub.servedElsewhere).toBeGreaterThan(0);
  });
});

describe("a hub that fails", () => {
  test.each([
    [401, "unauthenticated"],
    [403, "forbidden"],
    [404, "model-invalid"],
    [503, "transport-closed"],
  ])("%i is %s", async (status, code) => {
    hub.behave({ status });
    const error = await failure(fetchIt());
    expect([error.code, error.data["status"]]).toEqual([code, status]);
    expect(error.message).toContain("someone/tiny");
  });

  test("silence ends after the time that is set, before an answer and within a file", async () => {
    hub.behave({ silent: true });
    const before = await failure(fetchIt(impatient));
    expect([before.code, before.retryable]).toEqual(["timeout", true]);
    hub.behave({ stopAfter: 1000 });
    expect((await failure(fetchIt(impatient))).code).toBe("timeout");
  });

  test("nobody there", async () => {
    await hub.close();
    expect((await failure(fetchIt())).code).toBe("transport-closed");
  });

  test("[TN24] other bytes than it lists are not kept, large file or small", async () => {
    for (const corrupt of ["model.safetensors", "config.json"]) {
      hub.behave({ corrupt });
      const error = await failure(fetchIt());
      expect(error.code).toBe("blob-corrupt");
      expect(error.message).toContain(corrupt);
      expect((await blobs()).some((file) => file.includes("incomplete"))).toBe(false);
      await rm(folder(), { recursive: true });
    }
    hub.behave({});
    await fetchIt();
  });

  test("an answer that is no hub's is said to be none", async () => {
    hub.behave({ nonsense: true });
    expect((await failure(fetchIt())).message).toContain("does not answer as a hub does");
  });

  test("a repository without safetensors is no model", async () => {
    await hub.close();
    hub = await fakeHub(files({ without: "model.safetensors" }));
    const error = await failure(fetchIt());
    expect(error.message).toContain("has no model.safetensors");
  });
});

describe("a download that is cut off", () => {
  test("[TN24] is taken up by the next process where a killed one stopped", async () => {
    hub.behave({ stopAfter: 70_000 });
    const module = pathToFileURL(join(import.meta.dirname, "node-hub.ts")).href;
    const code = `import(${JSON.stringify(module)}).then(({ fetchHubModel }) => fetchHubModel(${JSON.stringify(name)}))`;
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "--conditions=@fedtune/source", "-e", code],
      { env: { ...process.env, ...environment({ HF_HUB_DOWNLOAD_TIMEOUT: "60" }) } },
    );
    await expect.poll(() => partBytes(), { timeout: 30_000 }).toBe(70_000);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect((await blobs()).filter((file) => file.endsWith(".incomplete"))).toHaveLength(1);
    hub.behave({});
    const { folder: snapshot } = await fetchIt();
    expect(await readFile(join(snapshot, "model.safetensors"))).toEqual(
      hub.contents.get("model.safetensors"),
    );
    expect(hub.requests.some(({ range }) => range === "bytes=70000-199999")).toBe(true);
    expect((await blobs()).some((file) => file.includes("incomplete"))).toBe(false);
  }, 60_000);

  test("begins anew when what was left is something else", async () => {
    hub.behave({ stopAfter: 70_000, corrupt: "model.safetensors" });
    await failure(fetchIt(impatient));
    expect(await partBytes()).toBe(70_000);
    hub.behave({});
    await fetchIt();
    expect(
      hub.requests.filter(({ path }) => path.endsWith("/model.safetensors")).at(-1)?.range,
    ).toBeNull();
  });

  test("two who ask at once fetch once", async () => {
    await Promise.all([fetchIt(), fetchIt()]);
    expect(hub.downloads("model.safetensors")).toBe(1);
  });
});

async function partBytes(): Promise<number> {
  const part = (await blobs()).find((file) => file.endsWith(".incomplete"));
  return part === undefined ? 0 : (await stat(join(folder(), "blobs", part))).size;
}

describe("names", () => {
  test("with and without mark and revision", () => {
    const wanted = { repo: "a/b.c", revision: "main" };
    expect(parseHubName("a/b.c")).toEqual(wanted);
    expect(parseHubName("hub:a/b.c")).toEqual(wanted);
    expect(parseHubName("hub:a/b.c@refs/pr/1")).toEqual({ ...wanted, revision: "refs/pr/1" });
  });

  test.each(["", "fedtune-mini", "./a/b", "/a/b", "a/b/c", "../b", "a/..", "a/b@../x", "C:\\a"])(
    "%j is none",
    (text) => {
      expect(parseHubName(text)).toBeNull();
      expect(() => parseHubName(`hub:${text}`)).toThrow(/wanted hub:owner\/name/);
    },
  );
});
