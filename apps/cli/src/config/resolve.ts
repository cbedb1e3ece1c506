import { methods } from "@fedtune/aggregators";
import { adapterKinds, resolveRun } from "@fedtune/core";
import type { Registries, ResolvedRun } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { withPlaces } from "./load.ts";
import type { ConfigSource } from "./load.ts";

/** Everything that a run config may name. */
const registries: Registries = { methods, kinds: adapterKinds };

/**
 * Resolves a run config.
 *
 * @throws FedtuneError `config-invalid`, `config-conflict` with the place of each wrong field
 */
export function resolveConfig(source: ConfigSource): ResolvedRun {
  return withPlaces(source, (value) => resolveRun(value, registries, nodeHash));
}
