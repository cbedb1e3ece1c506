import { expect, test } from "vitest";
import { fileLimit, memoryLimit } from "./memory-limit.ts";

const gibi = 2 ** 30;

test.each([
  [undefined, 2 * gibi],
  [0.5, gibi / 4],
  [2, gibi],
  [8, 4 * gibi],
  [32, 4 * gibi],
])("of a device that tells %s GiB, %d bytes may be used", (told, limit) => {
  expect(memoryLimit(told)).toBe(limit);
});

test("a file may have what the model leaves, by what its rows take, and always a little", () => {
  expect(fileLimit(4 * gibi, 0)).toBe(Math.floor((4 * gibi) / 6));
  expect(fileLimit(4 * gibi, gibi)).toBe(Math.floor((2 * gibi) / 6));
  expect(fileLimit(gibi, gibi)).toBe(16 * 2 ** 20);
});
