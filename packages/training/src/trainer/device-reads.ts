/** Reads from the device, which a graphics card answers when everything before them is computed: seconds later on slow ones. */
import type * as tf from "@tensorflow/tfjs";
import { FedtuneError } from "@fedtune/core";

/** A tensor's values; the tensor is given back, whatever happens. */
export type ReadTensor = (tensor: tf.Tensor) => Promise<tf.TypedArray>;

/** Reads that nobody cancels. */
export const readOnce: ReadTensor = async (tensor) => {
  try {
    return await tensor.data();
  } finally {
    tensor.dispose();
  }
};

/** The reads of one device. */
export interface DeviceReads {
  /** Reads that an abort ends at once, with their tensors given back. @throws FedtuneError `cancelled` */
  until(signal: AbortSignal): ReadTensor;
  /** Resolves once the device owes no answer any more, nor to reads that were cancelled. */
  settled(): Promise<void>;
}

/** Opens the reads of a device. */
export function openReads(): DeviceReads {
  const pending = new Set<Promise<unknown>>();
  return {
    until: (signal) => async (tensor) => {
      const answer = tensor.data();
      // Also if nobody waits for it any more: what a cancelled read ends in is nobody's concern.
      const ended: Promise<unknown> = answer
        .then(nothing, nothing)
        .then((): boolean => pending.delete(ended));
      pending.add(ended);
      try {
        return await unlessAborted(answer, signal);
      } finally {
        tensor.dispose();
      }
    },
    async settled() {
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}

const nothing = (): void => undefined;

/** Throws if the job was aborted. @throws FedtuneError `cancelled` */
export function checkAbort(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled();
}

async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  checkAbort(signal);
  let stop = nothing;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled());
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function cancelled(): FedtuneError {
  return new FedtuneError("cancelled", "Stopped training: it was cancelled");
}
