/** What travels between one client and the coordinator, as an invitation announces it. */
import type { OutputOf } from "@fedtune/api";
import { keptCount, maxSparseBlobBytes, selectRoles, vectorBlobBytes } from "@fedtune/core";
import type { Plan, RunSetup } from "@fedtune/core";

type Told = OutputOf<"openInvitation">;

/** Numbers and bytes of a round. */
export interface Traffic {
  readonly numbers: Told["numbers"];
  readonly bytes: Omit<Told["bytes"], "model">;
}

/** The first rounds of a method's cycle: some take turns. */
const ROUNDS = [1, 2] as const;

const known = new WeakMap<RunSetup, Traffic>();

/** For a client of the largest rank, the most of any round; by the method's own plan and the sizes of messages. */
export function trafficOf(setup: RunSetup): Traffic {
  const traffic = known.get(setup) ?? measured(setup);
  known.set(setup, traffic);
  return traffic;
}

function measured(setup: RunSetup): Traffic {
  const { tiers, initialState, resolved } = setup;
  const { rank, layout } = tiers.at(-1) ?? tiers[0];
  const client = { index: 0, rank, holds: null };
  const rounds = ROUNDS.map((round) => {
    const plan = resolved.method.plan(initialState, round, client);
    return { ...upload(plan, layout), stays: selectRoles(layout, plan.personal).size };
  });
  const most = (of: (round: (typeof rounds)[number]) => number): number =>
    Math.max(...rounds.map(of));
  return {
    numbers: {
      leaves: most(({ values }) => values),
      stays: most(({ stays }) => stays),
      comes: most(({ shared }) => shared),
    },
    bytes: {
      upPerRound: most(({ bytes }) => bytes),
      downPerRound: most(({ shared }) => vectorBlobBytes("f32", shared)),
    },
  };
}

function upload({ upload: roles, codec, sparsify }: Plan, layout: RunSetup["tiers"][0]["layout"]) {
  const packed = selectRoles(layout, roles);
  const length = packed.size;
  if (sparsify === null)
    return { values: length, bytes: vectorBlobBytes(codec, length), shared: length };
  const kept = keptCount(packed, sparsify);
  return { values: kept, bytes: maxSparseBlobBytes(codec, { length, kept }), shared: length };
}
