import type { Method } from "@fedtune/core";
import { describe, expect, expectTypeOf, it } from "vitest";
import { methodByName, methods } from "./registry.ts";
import type { MethodName } from "./registry.ts";

describe("registry", () => {
  it("[AG19] gives every method a unique name, a summary and a paper", () => {
    const names = methods.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    for (const { name, summary, paper } of methods as readonly Method[]) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(summary).not.toBe("");
      expect(paper.title).not.toBe("");
      expect(paper.id).toMatch(/^arXiv:\d{4}\.\d{5}$/);
      expect(paper.equations).not.toBe("");
    }
  });

  it("[AG19] refuses an option that a method does not have", () => {
    for (const { name, config } of methods) {
      expect(config.safeParse({ unheardOf: 1 }).success, name).toBe(false);
    }
  });

  it("derives the union of names from the list", () => {
    expectTypeOf<"fedavg">().toExtend<MethodName>();
    expectTypeOf<"no-such-method">().not.toExtend<MethodName>();
  });

  it("finds a method by its name and names the nearest one otherwise", () => {
    for (const method of methods) expect(methodByName(method.name)).toBe(method);
    const wrong = {
      code: "config-invalid",
      data: expect.objectContaining({ nearest: "ffa-lora" }) as unknown,
    };
    expect(() => methodByName("ffa-lore")).toThrow(expect.objectContaining(wrong));
    expect(() => methodByName("something-else")).toThrow(
      `one of ${methods.map(({ name }) => name).join(", ")}`,
    );
  });
});
