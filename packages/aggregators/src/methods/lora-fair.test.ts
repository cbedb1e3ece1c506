import {
  adapterKind,
  aggregationError,
  factorView,
  matrixFrom,
  multiply,
  svd,
} from "@fedtune/core";
import type { Matrix, Method } from "@fedtune/core";
import {
  expectClose,
  methodBench,
  openFederation,
  playRound,
  randomRound,
  tierIn,
} from "@fedtune/testkit";
import type { PlayedRound, ToyTraining } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { pairPlaces, readPair } from "../module-pairs.ts";
import { fedavg } from "./fedavg.ts";
import { loraFair } from "./lora-fair.ts";

const setting = { kind: adapterKind("lora"), head: "share", ranks: [2] } as const;
const { tiers } = methodBench(fedavg, setting).context;
const { layout } = tierIn(tiers, 2);

/** A first round of plain means, so that B is not zero, then one round of `method` in which clients do `train`. */
function roundOf(method: Method, options: object = {}, train?: ToyTraining): PlayedRound {
  const bench = { ...methodBench(method, setting), config: method.config.parse(options) };
  const start = methodBench(fedavg, setting);
  const warm = playRound(start, openFederation(start), randomRound(start, "warm up"));
  const values = start.method.adapter(warm.server.state, 2);
  const some = { ...bench, context: { ...bench.context, initial: () => values.slice() } };
  const how = randomRound(some, "round");
  return playRound(some, openFederation(some), train === undefined ? how : { train: () => train });
}

function adapterAfter(method: Method, { server }: PlayedRound): Float32Array {
  return method.adapter(server.state, 2);
}

/** Distance of each module's product to the mean of the clients' products, relative. */
function errorsOf(method: Method, played: PlayedRound): number[] {
  const values = adapterAfter(method, played);
  return pairPlaces(layout).map((place) => {
    const sent = played.clients.map(({ weight, trained }) => ({
      weight,
      ...readPair(trained!, place),
    }));
    return aggregationError(sent, readPair(values, place));
  });
}

/** What the best product of rank 2 would miss, relative. */
function leastErrors({ clients }: PlayedRound): number[] {
  const total = clients.reduce((sum, { weight }) => sum + weight, 0);
  return pairPlaces(layout).map((place) => {
    const products = clients.map(({ weight, trained }): [number, Matrix] => {
      const { up, down } = readPair(trained!, place);
      return [weight / total, multiply(up, down)];
    });
    const [[, first]] = products as [[number, Matrix]];
    const ideal = first.data.map((_, i) =>
      products.reduce((sum, [p, { data }]) => sum + p * data[i]!, 0),
    );
    const { S } = svd(matrixFrom(ideal, [first.rows, first.cols]));
    return Math.hypot(...S.subarray(2)) / Math.hypot(...S);
  });
}

describe("lora-fair", () => {
  it("comes closer to the mean of the products than the means, and no closer than the best rank-r product", () => {
    const plain = roundOf(fedavg);
    const fair = roundOf(loraFair, { lambda: 0 });
    const [least, own, means] = [
      leastErrors(fair),
      errorsOf(loraFair, fair),
      errorsOf(fedavg, plain),
    ];
    for (const [i, error] of own.entries()) {
      expect(error).toBeGreaterThan(least[i]! - 1e-6);
      expect(error).toBeLessThan(0.95 * means[i]!);
    }
  });

  it.each([
    { residual: "A" },
    { residual: "both", lambda: 0.1 },
    { mode: "cos-sgd" },
    { mode: "cos-sgd", residual: "A" },
  ])("misses less than the means do with %o", (options) => {
    const total = (errors: number[]): number => errors.reduce((sum, error) => sum + error, 0);
    const corrected = total(errorsOf(loraFair, roundOf(loraFair, options)));
    expect(corrected).toBeLessThan(0.99 * total(errorsOf(fedavg, roundOf(fedavg))));
  });

  it("is fedavg when lambda is large, and corrects only the factor that it is told to", () => {
    const plain = adapterAfter(fedavg, roundOf(fedavg));
    expectClose(adapterAfter(loraFair, roundOf(loraFair, { lambda: 1e6 })), plain, 1e-6);
    for (const [residual, moved] of [
      ["A", "down"],
      ["B", "up"],
    ] as const) {
      const fair = adapterAfter(loraFair, roundOf(loraFair, { residual }));
      for (const factor of layout.factors) {
        const same = [...factorView(fair, factor)].every(
          (x, i) => x === factorView(plain, factor)[i],
        );
        expect(same, factor.name).toBe(factor.role !== moved);
      }
    }
  });

  it.each(["ridge", "cos-sgd"])(
    "changes nothing when clients agree, or when all B are zero (%s)",
    (mode) => {
      const agree: ToyTraining = (_client, start) => start.map((value, i) => value + Math.sin(i));
      const agreed = roundOf(loraFair, { mode, residual: "both" }, agree);
      expect(agreed.server.metrics["correction"]).toBeLessThan(mode === "ridge" ? 1e-12 : 1e-6);
      const still: ToyTraining = ({ index }, start) => {
        const values = start.map((value, i) => value + Math.sin(i + index));
        for (const factor of layout.factors)
          if (factor.role === "up") factorView(values, factor).fill(0);
        return values;
      };
      const zero = roundOf(loraFair, { mode, residual: "both" }, still);
      expect(zero.server.metrics["correction"]).toBe(0);
      expectClose(
        adapterAfter(loraFair, zero),
        adapterAfter(fedavg, roundOf(fedavg, {}, still)),
        1e-7,
      );
    },
  );
});
