/**
 * The contract of an adapter kind: its factors, their shapes, first values and scaling.
 *
 * The forward pass and gradients of the same kind live in the training package under the same name.
 */
import type { Rng } from "../rng.ts";
import type { Factor, FactorSpec, Layout } from "./layout.ts";

/** A linear layer of the base model that can be adapted: `y = W x + b`, W is `[out, in]`. */
export interface LinearModule {
  /** Path in the base model, in HuggingFace's words, for example `encoder.layer.0.attention.self.query`. */
  readonly name: string;
  readonly in: number;
  readonly out: number;
}

/** What a base model and adapter settings give: the layers that are adapted, and the layout of factors and head. */
export interface AdapterShape {
  readonly layout: Layout;
  readonly modules: readonly LinearModule[];
}

/** How the factors multiply to an update of W: methods accept products, not kinds. */
export type AdapterProduct = "BA" | "BRA" | "diagonal";

/** Settings shared by the LoRA family, in PEFT's words. */
export interface AdapterSettings {
  readonly rank: number;
  readonly loraAlpha: number;
}

/** One adapter kind: pure data and arithmetic, no tensors. */
export interface AdapterKind {
  /** The config tag, for example `rslora`. */
  readonly name: string;
  readonly product: AdapterProduct;
  /** Title and identifier of the paper. */
  readonly paper: { readonly title: string; readonly id: string };
  /** The factors of one module, in layout order. */
  factors(module: LinearModule, settings: AdapterSettings): FactorSpec[];
  /** First values of one factor, bit-identical on every platform for the same generator; `[size]`, row-major. */
  init(factor: Factor, rng: Rng): Float32Array;
  /** The number that multiplies the product: LoRA `loraAlpha / rank`. */
  scaling(settings: AdapterSettings): number;
  /** How PEFT writes this kind in adapter_config.json; null when PEFT has no such kind. */
  readonly peft: {
    readonly peftType: string;
    readonly flags: Readonly<Record<string, boolean>>;
  } | null;
}
