import { isFedtuneError } from "@fedtune/core";
import { builtinModelFolder } from "@fedtune/training/node";
import { commit, fakeHub } from "../../../../packages/training/src/test-support/fake-hub.ts";
import type { FakeHub } from "../../../../packages/training/src/test-support/fake-hub.ts";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  askModel,
  isPinned,
  modelFolder,
  openBaseModel,
  refuseUnpinned,
  settledBy,
} from "./base-model.ts";

const mini = builtinModelFolder("fedtune-mini") ?? "";
let hub: FakeHub;
let home: string;

beforeEach(async () => {
  const names = (await readdir(mini)).filter((name) => !name.endsWith(".md"));
  const entries = await Promise.all(
    names.map(async (name) => [name, await readFile(join(mini, name))] as const),
  );
  hub = await fakeHub(new Map(entries));
  home = await mkdtemp(join(tmpdir(), "fedtune-models-"));
  vi.stubEnv("HF_HOME", home);
  vi.stubEnv("HF_ENDPOINT", hub.url);
  for (const name of ["HF_TOKEN", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE"])
    vi.stubEnv(name, undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(home, { recursive: true, force: true });
});

const pinned = `hub:someone/tiny@${commit}`;

test("a model of a hub is opened under the name of its commit, which is the same model ever after", async () => {
  for (const asked of ["hub:someone/tiny", "someone/tiny", "someone/tiny@main"]) {
    const model = await openBaseModel(asked);
    expect(model.name).toBe(pinned);
    expect(modelFolder(pinned)).toBe(model.folder);
    expect(
      model.describe({
        adapter: { kind: "lora", rank: 2, loraAlpha: 4, targetModules: model.defaultTargets },
        task: { labels: ["a", "b"] },
      }).modules.length,
    ).toBeGreaterThan(0);
  }
  const asked = hub.requests.length;
  expect((await openBaseModel(pinned)).name).toBe(pinned);
  expect(hub.requests).toHaveLength(asked);
});

test("a folder of that name wins, unless the name says hub", async () => {
  const folder = join(home, "someone", "tiny");
  await mkdir(folder, { recursive: true });
  await expect(openBaseModel(folder)).rejects.toThrow(/config\.json is missing/);
  const here = process.cwd();
  process.chdir(home);
  try {
    await expect(openBaseModel("someone/tiny")).rejects.toThrow(/config\.json is missing/);
    expect(hub.requests).toHaveLength(0);
    expect((await openBaseModel("hub:someone/tiny")).name).toBe(pinned);
  } finally {
    process.chdir(here);
  }
});

test("what is neither a folder nor a name on a hub is refused with what was looked for", async () => {
  const error: unknown = await openBaseModel("./nowhere").catch((reason: unknown) => reason);
  expect(isFedtuneError(error, "model-invalid")).toBe(true);
  expect(String(error)).toMatch(
    /wanted a built-in model, a folder or hub:owner\/name, found no \//,
  );
});

test("an estimate fetches nothing", async () => {
  await expect(askModel("hub:someone/tiny")).rejects.toMatchObject({ code: "file-missing" });
  expect(hub.requests).toHaveLength(0);
  await openBaseModel("hub:someone/tiny");
  expect((await askModel(pinned)).bytes).toBeGreaterThan(1e6);
});

test("a config gets the commit, and target modules only where it names none", async () => {
  const model = { name: pinned, defaultTargets: ["c_attn"] };
  const adapter = { rank: 4 };
  expect(settledBy({ model: "someone/tiny", adapter }, model)).toEqual({
    model: pinned,
    adapter: { rank: 4, targetModules: ["c_attn"] },
  });
  const named = { adapter: { targetModules: ["query"] } };
  expect(settledBy(named, model)).toEqual({ ...named, model: pinned });
  expect(settledBy({ adapter: 3 }, model)).toEqual({ adapter: 3, model: pinned });
});

test("a coordinator takes no branch of a hub for a run", () => {
  expect([isPinned(pinned), isPinned("hub:a/b"), isPinned("fedtune-mini")]).toEqual([
    true,
    false,
    false,
  ]);
  expect(() => refuseUnpinned("hub:a/b@dev")).toThrow(/"dev" may mean another model tomorrow/);
  for (const fine of [pinned, "fedtune-mini", "./folder"])
    expect(() => refuseUnpinned(fine)).not.toThrow();
});
