import type { AdapterKind, Method } from "@fedtune/core";
import { adapterKind } from "@fedtune/core";
import { describe, expect, expectTypeOf, it } from "vitest";
import { checkMethodAccepts, methodByName, methodConfigSchema, methods } from "./registry.ts";
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
      expect(methodConfigSchema().parse({ name })).toEqual({ ...config.parse({}), name });
      expect(methodConfigSchema().safeParse({ name, unheardOf: 1 }).success).toBe(false);
    }
    expect(methodConfigSchema().safeParse({ name: "fedavgg" }).success).toBe(false);
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

  it("refuses an adapter kind whose product the method does not accept, naming both", () => {
    const core: AdapterKind = { ...adapterKind("lora"), name: "lora-xs", product: "BRA" };
    for (const method of methods) {
      expect(() => {
        checkMethodAccepts(method, adapterKind("lora"));
      }).not.toThrow();
      expect(() => {
        checkMethodAccepts(method, core);
      }).toThrow(
        expect.objectContaining({
          code: "config-conflict",
          data: {
            method: method.name,
            kind: "lora-xs",
            product: "BRA",
            products: method.claims.products,
          },
        }),
      );
    }
  });
});
