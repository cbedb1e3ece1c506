/** SHA-256 by Node, for tests that need the Hash port. */
import { createHash } from "node:crypto";
import { digest } from "@fedtune/core";
import type { Hash } from "@fedtune/core";

/** The Hash port over Node's own implementation. */
export const nodeHash: Hash = {
  sha256: (bytes) => digest(createHash("sha256").update(bytes).digest("hex")),
};
