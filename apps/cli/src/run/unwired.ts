import { FedtuneError } from "@fedtune/core";

/** The refusal of a verb that cannot do its work yet. */
export function notWired(verb: string): FedtuneError {
  return new FedtuneError("internal", `Cannot run "fedtune ${verb}": it is not connected yet`);
}
