/** Laws of what comes out: products of factors, and whether training gets anywhere. */
import { rngFromSeed } from "@fedtune/core";
import type { Tier } from "@fedtune/core";
import { expect } from "vitest";
import { expectClose, relativeDistance } from "../compare.ts";
import { tierIn } from "./bench.ts";
import type { MethodBench } from "./bench.ts";
import { caughtUp, ownAdapter, planOf, trainedRound } from "./client.ts";
import type { ToyClient } from "./client.ts";
import { closeRound } from "./server.ts";
import type { MethodServer } from "./server.ts";
import { openFederation, playRound } from "./federation.ts";
import type { Federation } from "./federation.ts";
import type { LawSetting } from "./law.ts";
import { effectOf, effectiveUpdate } from "./product.ts";
import { randomTraining, toyProblem } from "./toy-problem.ts";

const rounding = 1e-5;

export function productLaws({ bench, name, test, played }: LawSetting): void {
  const { claims } = bench.method;

  test(`[AG4] ${name} gives a single client its own product back`, () => {
    const before = played();
    const ready = caughtUp(bench, before.clients[1]!, before.server);
    const { client, update, effect } = trainedAlone(bench, ready, before.server);
    const server = closeRound(bench, before.server, [update]);
    expectClose(effectFor(bench, client, server), effect, rounding);
  });

  test(`[AG5] ${name} gives identical clients their product back`, () => {
    const before = played();
    const ready = caughtUp(bench, before.clients[0]!, before.server);
    const twins = [3, 1, 8].map((weight, index) =>
      trainedAlone(bench, { ...ready, index, weight }, before.server),
    );
    const server = closeRound(
      bench,
      before.server,
      twins.map(({ update }) => update),
    );
    for (const { client, effect } of twins) {
      expectClose(effectFor(bench, client, server), effect, rounding);
    }
  });

  const claimed = claims.exactProduct
    ? "broadcasts the weighted mean of the clients' products"
    : "claims no exact product, and a counterexample shows why";
  test(`[AG9] ${name} ${claimed}`, () => {
    const before = played();
    const errors = bench.context.tiers.map((tier) => productError(bench, tier, before));
    if (claims.exactProduct) expect(Math.max(...errors)).toBeLessThan(rounding);
    else expect(Math.max(...errors)).toBeGreaterThan(100 * rounding);
  });

  test(`[AG15] ${name} lowers the loss of a strongly convex toy problem in every round`, () => {
    const problem = toyProblem(bench);
    let federation: Federation = openFederation(bench);
    let last = meanLoss(bench, federation);
    for (let round = 1; round <= 3; round++) {
      federation = playRound(bench, federation, { train: (roles) => problem.train(roles) });
      const loss = meanLoss(bench, federation);
      expect(loss, `loss of round ${String(round)}`).toBeLessThan(last);
      last = loss;
    }
  });
}

/** One client's round of noise that depends on its rank alone, and the effect of what it trained. */
function trainedAlone(bench: MethodBench, ready: ToyClient, server: MethodServer) {
  const { train } = planOf(bench, ready, server);
  const rng = rngFromSeed("alone");
  const done = trainedRound(bench, ready, { server, train: randomTraining(bench, train, rng) });
  const tier = tierIn(bench.context.tiers, ready.rank);
  const held = { values: done.client.trained ?? [], residuals: ready.residuals };
  return { ...done, effect: effectOf(bench.modules, tier, held) };
}

/** What a client's adapter does once it has caught up, its personal factors in place. */
function effectFor(bench: MethodBench, client: ToyClient, server: MethodServer): Float64Array {
  const ready = caughtUp(bench, client, server);
  const held = { values: ownAdapter(bench, ready, server), residuals: ready.residuals };
  return effectOf(bench.modules, tierIn(bench.context.tiers, client.rank), held);
}

/** Distance between a tier's new weight changes and the weighted mean of what its clients trained. */
function productError(bench: MethodBench, tier: Tier, { server, clients }: Federation): number {
  const ready = clients.map((client) => caughtUp(bench, client, server));
  const trained = ready.map((client, i) => {
    const { train } = planOf(bench, client, server);
    const rng = rngFromSeed(`product ${String(i)}`);
    return trainedRound(bench, client, { server, train: randomTraining(bench, train, rng) });
  });
  const after = closeRound(
    bench,
    server,
    trained.map(({ update }) => update),
  );
  const joint = bench.method.claims.ranks === "joint";
  const heard = trained.filter(({ client }) => joint || client.rank === tier.rank);
  const products = heard.map(({ client: { rank, weight, trained: values, residuals } }) => {
    const held = { values: values ?? [], residuals };
    return {
      weight,
      product: effectiveUpdate(bench.modules, tierIn(bench.context.tiers, rank), held),
    };
  });
  const total = products.reduce((sum, { weight }) => sum + weight, 0);
  const ideal = Float64Array.from(products[0]!.product, (_, i) =>
    products.reduce((sum, { weight, product }) => sum + (weight / total) * product[i]!, 0),
  );
  const member = trained.find(({ client }) => client.rank === tier.rank)!.client;
  const own = caughtUp(bench, member, after);
  const held = { values: ownAdapter(bench, own, after), residuals: own.residuals };
  return relativeDistance(effectiveUpdate(bench.modules, tier, held), ideal);
}

function meanLoss(bench: MethodBench, { server, clients }: Federation): number {
  const problem = toyProblem(bench);
  const total = clients.reduce((sum, { weight }) => sum + weight, 0);
  return clients.reduce((sum, client) => {
    const ready = caughtUp(bench, client, server);
    const held = { values: ownAdapter(bench, ready, server), residuals: ready.residuals };
    return sum + (client.weight / total) * problem.loss(client, held);
  }, 0);
}
