/** Steps in parts that the device's memory holds: chosen beforehand where the memory is known, halved where it was short. */
import { FedtuneError } from "@fedtune/core";
import type { Example } from "../data/batch.ts";
import { chunks, lengthOf } from "../data/batch.ts";
import type { ModelConfig } from "../models/family.ts";

/** What a trainer has learned of its device's memory. */
export interface StepMemory {
  /**
   * Works on all examples of a step, in parts of `asked` examples or, where that is null, in one: smaller ones if memory
   * is short. When it runs out in the middle the whole work is done anew with half the part: its result is, bit for bit,
   * what that part size gives from the beginning. What was learned stays for later steps.
   *
   * @throws FedtuneError `training-failed` with `data.reason` "out-of-memory" when one example alone is too much
   */
  inParts<T>(
    examples: readonly Example[],
    asked: number | null,
    work: (parts: readonly (readonly Example[])[]) => Promise<T>,
  ): Promise<T>;
}

/** Opens the memory of a device; `bytes` is what a step may take there beside the model, null: nobody knows. */
export function openStepMemory(config: ModelConfig, bytes: number | null): StepMemory {
  // Examples times their length; shrinks only.
  let most = Number.POSITIVE_INFINITY;
  const fits = (length: number): number => {
    const planned = bytes === null ? most : bytes / bytesOfExample(config, length);
    return Math.max(1, Math.floor(Math.min(planned, most / length)));
  };
  return {
    async inParts(examples, asked, work) {
      const longest = examples.reduce((length, one) => Math.max(length, lengthOf(one)), 1);
      for (;;) {
        const size = Math.min(asked ?? examples.length, examples.length, fits(longest));
        try {
          return await work(chunks(examples, Math.max(1, size)));
        } catch (error) {
          if (!isOutOfMemory(error)) throw error;
          if (size <= 1) throw tooMuch(error, longest);
          most = Math.floor(size / 2) * longest;
        }
      }
    },
  };
}

/**
 * What the activations of one example take in a training step, about: the states that a layer keeps for the way back, its
 * scores where they are not recomputed, and logits over a vocabulary. Fitted to peaks measured on wasm and tfjs-node.
 */
function bytesOfExample(config: ModelConfig, length: number): number {
  const { layers, heads, hiddenSize, intermediateSize, vocabularySize, decoder } = config;
  const tokens = config.image === null ? length : config.positions;
  const layer = 12 * hiddenSize + 4 * intermediateSize + 2 * heads * tokens;
  const logits = decoder === null ? 0 : 4 * vocabularySize;
  return 4 * tokens * (layers * layer + logits);
}

const fullMemory =
  /memory is full|out of memory|OOM when allocating|(buffer|memory) allocation failed|(failed to|unable to|could not) allocate/i;

/** Whether a backend ran out of memory; each says it in words of its own. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && fullMemory.test(error.message);
}

function tooMuch(cause: unknown, longest: number): FedtuneError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot train: one example of length ${longest} is more than the memory holds (${reason}); wanted a smaller training.maxLength, or a base of fewer bytes (--base-precision f16 or int8)`;
  return new FedtuneError("training-failed", message, {
    data: { reason: "out-of-memory", length: longest },
    cause,
  });
}
