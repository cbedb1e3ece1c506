import { methods } from "@fedtune/aggregators";
import { adapterKinds } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { expectSameBits } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { common, fateOf, own, personal, run } from "./test-support/watched-run.ts";

describe("a client's own factors", () => {
  it("[CL10] [CL3] are kept when the answer to an accepted update is lost with the connection", async () => {
    let cut = (): void => undefined;
    let lost = 0;
    const fate = fateOf("accepted", ({ round, name }) => {
      if (round !== 2 || name !== "client-1" || lost > 0) return [0];
      lost += 1;
      cut();
      return [];
    });
    const { trained, history } = await run({
      fate,
      prepare({ network }) {
        cut = () => {
          network.cut("client-1");
        };
      },
    });
    expect(lost).toBe(1);
    expect(history.rounds[1]?.accepted).toEqual([0, 1, 2, 3]);
    const of = (round: number) =>
      trained.find(({ client, job }) => client === 1 && job.round === round);
    expectSameBits(own(of(3)!.start), own(of(2)!.factors));
  });

  it("[CL11] [CL1] with cold start `fit` are trained alone first, once, and do not travel", async () => {
    const fitting = (methods as readonly Method[]).map((method): Method => ({
      ...method,
      plan: (...args) => ({ ...method.plan(...args), coldStart: "fit" }),
    }));
    const registries = { methods: fitting, kinds: adapterKinds };
    const { trained, adapter } = await run({ registries });
    const first = trained.filter(({ client }) => client === 0).slice(0, 3);
    expect(first.map(({ job }) => [job.round, job.train])).toEqual([
      [1, personal],
      [1, ["down", "up", "head"]],
      [2, ["down", "up", "head"]],
    ]);
    const [fit, usual] = first;
    expectSameBits(common(fit!.factors), common(fit!.start));
    expect(own(fit!.factors)).not.toEqual(own(fit!.start));
    expectSameBits(usual!.start, fit!.factors);
    expect(usual!.job.seed).not.toEqual(fit!.job.seed);
    expectSameBits(common(adapter), common((await run()).adapter), "A as without a fit");
  });

  it("[SI9] are one set for all, one client after the other, where the released code is reproduced", async () => {
    const { trained, evaluations } = await run({ sharePersonal: true });
    expect(trained.map(({ client }) => client)).toEqual([1, 2, 3, 4].flatMap(() => [0, 1, 2, 3]));
    trained.slice(1).forEach(({ start }, k) => {
      expectSameBits(own(start), own(trained[k]!.factors), "what the client before left");
    });
    evaluations.slice(4).forEach(({ job }, at) => {
      const left = trained[4 * Math.floor(at / 4) + 3]!;
      expectSameBits(own(job.start), own(left.factors), "what the last client left");
    });
  });
});
