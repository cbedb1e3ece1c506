/** Group commit: what is asked for while the database answers goes to it together, in the next statement. */

/** How much goes together. */
export interface BatchOptions {
  /** Most pieces of one batch; default 1000. */
  readonly most?: number;
}

/**
 * Makes a function that asks for one piece, from one that does many at once and answers in their order.
 *
 * A batch begins after whatever it answers was asked for, so that no answer is older than its question; and a promise
 * resolves only after the batch that it is part of, so that what is acknowledged is as durable as it would be alone. A batch
 * that fails fails all of its pieces. One batch is under way at a time.
 */
export function batched<Asked, Answer>(
  work: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
  { most = 1000 }: BatchOptions = {},
): (asked: Asked) => Promise<Answer> {
  const waiting: Waiting<Asked, Answer>[] = [];
  let isRunning = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    // What comes in the same turn of the event loop goes together.
    await Promise.resolve();
    while (waiting.length > 0) await settle(waiting.splice(0, most), work);
    isRunning = false;
  };
  return (asked) =>
    new Promise((resolve, reject) => {
      waiting.push({ asked, resolve, reject });
      if (!isRunning) void run();
    });
}

interface Waiting<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

async function settle<Asked, Answer>(
  batch: readonly Waiting<Asked, Answer>[],
  work: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
): Promise<void> {
  try {
    const answers = await work(batch.map(({ asked }) => asked));
    if (answers.length !== batch.length)
      throw new RangeError(`Cannot answer ${batch.length} pieces with ${answers.length} answers`);
    answers.forEach((answer, k) => batch[k]?.resolve(answer));
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
