import { combiners, methods } from "@fedtune/aggregators";
import { adapterKinds } from "@fedtune/core";
import type { Registries } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";

/** What a run config may name. */
export const registries: Registries = {
  methods,
  combiners,
  kinds: adapterKinds,
  privacy: privacyRules,
};
