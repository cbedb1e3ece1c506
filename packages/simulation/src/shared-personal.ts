import type { SharedPersonal } from "@fedtune/client";

/**
 * One set of personal factors for all clients, as the released code of FedSA-LoRA has it.
 *
 * There the clients of a simulation share one model object, and aggregation merely skips B and the head: each client
 * goes on training what the client before it left, and all are evaluated with what the last one left. Nothing is undone
 * when an update is refused. The paper describes one B and one head per client.
 */
export function sharedPersonal(): SharedPersonal {
  let factors: Float32Array | null = null;
  let last: Promise<unknown> = Promise.resolve();
  return {
    inTurn(work) {
      const result = last.then(work, work);
      last = result.catch(() => undefined);
      return result;
    },
    get: () => factors,
    set(packed) {
      factors = packed;
    },
  };
}
