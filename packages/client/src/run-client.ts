/** The client loop: feeds what happens into the session and has its effects carried out. */
import { FedtuneError, newSession, parseServerMessage, stepSession } from "@fedtune/core";
import type { ServerMessage, SessionEnd, SessionEvent, SessionState } from "@fedtune/core";
import { effectPerformer } from "./effects.ts";
import type { ClientOptions, ClientPorts, OwnAdapter } from "./ports.ts";

/**
 * Takes part in a run until it ends.
 *
 * @throws FedtuneError what made the session impossible: the coordinator's refusal comes back as its end instead
 */
export async function runClient(ports: ClientPorts, options: ClientOptions): Promise<SessionEnd> {
  const loop = sessionLoop(ports, options);
  const leave = (): void => {
    loop.post({ type: "leave" });
  };
  options.signal?.addEventListener("abort", leave, { once: true });
  if (options.signal?.aborted === true) leave();
  try {
    const opening = ports.transport.open(
      {
        message: (text, said) => {
          loop.hear(text, said);
        },
        disconnected() {
          options.listener?.disconnected?.();
          loop.post({ type: "disconnected" });
        },
        reconnected: () => {
          loop.post({ type: "opened" });
        },
      },
      loop.signal,
    );
    await Promise.race([
      opening.then(() => {
        loop.post({ type: "opened" });
      }),
      loop.done,
    ]);
    return await loop.done;
  } finally {
    options.signal?.removeEventListener("abort", leave);
    await loop.settled();
    options.listener?.ended?.(loop.adapter());
    await ports.transport.close();
  }
}

interface Loop {
  readonly done: Promise<SessionEnd>;
  readonly signal: AbortSignal;
  post(event: SessionEvent): void;
  /** `said` is what the text encodes, where the transport handed it over. */
  hear(text: string, said?: ServerMessage): void;
  /** Resolves when no work and no save is under way; called after the end. */
  settled(): Promise<void>;
  /** The adapter as this client has it. */
  adapter(): OwnAdapter | null;
}

function sessionLoop(ports: ClientPorts, options: ClientOptions): Loop {
  let state: SessionState = newSession(options);
  let settle: { resolve: (end: SessionEnd) => void; reject: (error: unknown) => void } | null =
    null;
  const done = new Promise<SessionEnd>((resolve, reject) => (settle = { resolve, reject }));
  const lifetime = new AbortController();
  const performer = effectPerformer(ports, options, {
    post,
    end: (end) => {
      lifetime.abort(new FedtuneError("cancelled", "The session has ended"));
      settle?.resolve(end);
    },
    fail,
    signal: lifetime.signal,
  });
  function post(event: SessionEvent): void {
    const [next, effects] = stepSession(state, event);
    state = next;
    for (const effect of effects) performer.perform(effect);
  }
  /** Ends the session with an error: timers and work stop as after any end. */
  function fail(error: unknown): void {
    settle?.reject(error);
    post({ type: "leave" });
  }
  return {
    done,
    signal: lifetime.signal,
    post,
    settled: () => performer.settled(),
    adapter: () => performer.adapter(),
    hear(text, said) {
      try {
        const message = said ?? parseServerMessage(text);
        if (message.type === "welcome") options.listener?.welcomed?.(message);
        post({ type: "message", message });
      } catch (error) {
        fail(error);
      }
    },
  };
}
