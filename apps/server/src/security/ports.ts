import type { Entropy, Hash } from "@fedtune/core";
import type { PrismaClient } from "@fedtune/db";

/** What the parts of security need of the world. */
export interface SecurityPorts {
  readonly prisma: PrismaClient;
  /** Wall clock: what expires is compared with other machines' time and outlives this process. */
  readonly now: () => Date;
  readonly entropy: Entropy;
  readonly hash: Hash;
}
