import { FedtuneError } from "@fedtune/core";
import { expect, it } from "vitest";
import { inStorage, storageError } from "./storage-error.ts";

it.each([
  ["QuotaExceededError", "full", "there is no room left"],
  ["SecurityError", "denied", "the browser does not allow it, as in a private window"],
  ["InvalidStateError", "denied", "the browser does not allow it, as in a private window"],
  ["VersionError", "blocked", "another tab of these pages holds it in another version"],
  ["UnknownError", "unknown", "the browser gave no reason that is known (it broke)"],
])("[ST7] %s is storage-failed: %s", (name, reason, words) => {
  const error = storageError("write the record", new DOMException("it broke", name));
  expect(error).toMatchObject({
    ...{ code: "storage-failed", retryable: true, data: { reason, name } },
    message: `Cannot write the record: ${words}`,
  });
});

it("leaves what has a code as it is", async () => {
  const replaced = new FedtuneError("client-replaced", "another tab has taken over");
  await expect(inStorage("write", () => Promise.reject(replaced))).rejects.toBe(replaced);
  expect(await inStorage("read", () => Promise.resolve(7))).toBe(7);
});
