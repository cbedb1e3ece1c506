import { resolveRun } from "@fedtune/core";
import { userLevelPrivacy } from "@fedtune/dp";
import { nodeEntropy, nodeHash } from "@fedtune/node-ports";
import type { RunToServe } from "@fedtune/server";
import { openBaseModel, prepareWith, refuseUnpinned } from "./base-model.ts";
import { registries } from "./registries.ts";

/**
 * A run from its config, as the API creates it and a database keeps it: without central evaluation, for which a
 * coordinator needs data.
 *
 * @throws FedtuneError `config-invalid`, `config-conflict`, `model-invalid`
 */
export async function toServe(config: Readonly<Record<string, unknown>>): Promise<RunToServe> {
  const resolved = resolveRun(config, registries, nodeHash);
  refuseUnpinned(resolved.config.model);
  const model = await openBaseModel(resolved.config.model);
  const setup = await prepareWith(model, resolved);
  return { setup, privacy: userLevelPrivacy(resolved.config, nodeEntropy) };
}
