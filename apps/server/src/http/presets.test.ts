import { combiners, methods } from "@fedtune/aggregators";
import { adapterKinds, resolveRun } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import { nodeHash } from "@fedtune/node-ports";
import { describe, expect, it } from "vitest";
import { serverFacts } from "./handlers/server.ts";
import { presetsOf } from "./presets.ts";
import { titleOf } from "./titles.ts";

const registries = { methods, combiners, kinds: adapterKinds, privacy: privacyRules };

describe("presets", () => {
  it.each(presetsOf(registries).map((preset) => [preset.name, preset] as const))(
    "%s resolves without a contradiction, under its own name",
    (name, { config }) => {
      expect(resolveRun(config, registries, nodeHash).config.name).toBe(name);
    },
  );

  it("are left out where their method is not known", () => {
    const some = presetsOf({ ...registries, methods: methods.slice(0, 1) });
    expect(some.map(({ name }) => name)).toEqual(["many-devices"]);
    expect(presetsOf(registries)).toHaveLength(5);
  });
});

describe("the facts of a server", () => {
  const facts = serverFacts("1.2.3", registries);

  it("have every method and kind, with a title of its own", () => {
    expect(facts.methods.map(({ name }) => name)).toEqual(methods.map(({ name }) => name));
    for (const { name, title } of [...facts.methods, ...facts.kinds]) {
      expect(title.toLowerCase(), name).toBe(name);
      expect(title, name).not.toBe(name);
      expect(titleOf(name)).toBe(title);
    }
  });

  it("say which kinds go with which methods, both ways alike", () => {
    const there = facts.methods.flatMap(({ name, kinds }) =>
      kinds.map((kind) => `${name} ${kind}`),
    );
    const back = facts.kinds.flatMap(({ name, methods: takes }) =>
      takes.map((method) => `${method} ${name}`),
    );
    expect(there.sort()).toEqual(back.sort());
    expect(there).toContain("fed-sb lora-xs");
    expect(there).not.toContain("fed-sb lora");
  });
});
