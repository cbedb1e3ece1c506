/** WebGL 2 on a real graphics card with 32-bit floats. */
import * as tf from "@tensorflow/tfjs";
import type { Backend } from "./backend.ts";
import { refusal } from "./backend.ts";
import { softwareNames } from "./webgpu.ts";

/** What the browser tells of WebGL 2. */
export interface WebglFacts {
  /** Name of the graphics card, as the browser tells it. */
  readonly renderer: string;
}

/** What is asked of it. */
export interface WebglRequest {
  /** Also takes a graphics card that the processor imitates. */
  readonly allowSoftware: boolean;
  /** Told of the graphics card that is taken. */
  readonly onRenderer: (renderer: string) => void;
}

/** The backend where `probe` finds WebGL 2; null says that there is none. */
export function webglOver(
  probe: () => WebglFacts | null,
  { allowSoftware, onRenderer }: WebglRequest,
): Backend<"webgl"> {
  return {
    name: "webgl",
    tfName: "webgl",
    async load() {
      const facts = probe();
      if (facts === null) throw refusal("missing", "the browser gives no WebGL 2");
      const isSoftware = softwareNames.test(facts.renderer);
      if (isSoftware && !allowSoftware)
        throw refusal("software", `its renderer is a software one (${facts.renderer})`);
      onRenderer(facts.renderer);
      await import("@tensorflow/tfjs-backend-webgl");
      // Small tensors go to the graphics card too: what passes the self-test is what trains.
      tf.env().set("WEBGL_CPU_FORWARD", false);
      tf.env().set("SOFTWARE_WEBGL_ENABLED", isSoftware);
      if (!tf.env().getBool("WEBGL_RENDER_FLOAT32_CAPABLE"))
        throw refusal("limits", "it computes with half floats only");
    },
  };
}
