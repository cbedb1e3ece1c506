import { Command } from "@commander-js/extra-typings";
import { expect, it } from "vitest";
import { computeArguments } from "../run/trainers.ts";
import type { ComputeOptions } from "../run/trainers.ts";
import { computing } from "./compute-options.ts";

function parsed(...words: string[]): ComputeOptions {
  const command = computing(new Command("anything"));
  command.parse(words, { from: "user" });
  return command.opts();
}

it("backend, precisions, threads and kernels come through, also to another process of this program", () => {
  const options = {
    backend: "wasm",
    basePrecision: "int8",
    matmulPrecision: "bf16",
    threads: 3,
    kernels: "stock",
  } as const;
  const words = [
    "--backend",
    "wasm",
    "--base-precision",
    "int8",
    "--matmul-precision",
    "bf16",
    "--threads",
    "3",
    "--kernels",
    "stock",
  ];
  expect(parsed(...words)).toEqual(options);
  expect(computeArguments(options)).toEqual(words);
  expect(parsed(...computeArguments({ threads: 1 }))).toEqual({ threads: 1 });
  expect(computeArguments({})).toEqual([]);
});

it.each([
  ["--base-precision", "f8"],
  ["--matmul-precision", "f16"],
  ["--threads", "0"],
  ["--kernels", "theirs"],
])("%s %s is refused", (option, value) => {
  expect(() => parsed(option, value)).toThrow(/is invalid/);
});
