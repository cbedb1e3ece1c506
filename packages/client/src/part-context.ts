/** What a client's own base model makes of the run's adapter. */
import { FedtuneError, layoutHash, modulesHash } from "@fedtune/core";
import type { MessageOf, PartContext } from "@fedtune/core";
import type { ClientPorts } from "./ports.ts";

/**
 * Describes the adapter over this client's base model.
 *
 * @throws FedtuneError `layout-mismatch` when it is not the run's
 */
export async function partContext(
  ports: Pick<ClientPorts, "describe" | "hash">,
  { run, spec }: MessageOf<"welcome">,
): Promise<PartContext> {
  const { layout, modules } = await ports.describe(spec);
  const hash = layoutHash(layout, ports.hash);
  if (hash !== spec.layoutHash) {
    const message = `Cannot join run "${run}": this base model gives another adapter layout than "${spec.model}"`;
    throw new FedtuneError("layout-mismatch", message, {
      data: { layoutHash: hash, expected: spec.layoutHash },
    });
  }
  const names = modulesHash(modules, ports.hash);
  return { rank: spec.adapter.rank, layout, layoutHash: hash, modules, modulesHash: names };
}
