/**
 * The contract of an adapter kind: its factors, their shapes, first values and scaling.
 *
 * The forward pass and gradients of the same kind live in the training package under the same name.
 */
import type { Rng } from "../rng.ts";
import type { Factor, FactorSpec, Layout } from "./layout.ts";
import type { PeftForm } from "./peft-form.ts";

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

/**
 * How first values are drawn: PEFT's default; PEFT's `gaussian`; the leading part of the base weight itself, which is
 * taken out of the base (`pissa`); the base weight's singular vectors around a zero (`svd`).
 */
export const adapterInits = ["kaiming", "gaussian", "pissa", "svd"] as const;
/** One of {@link adapterInits}. */
export type AdapterInit = (typeof adapterInits)[number];

/** A frozen weight of the base model, `[out, in]`, row-major; nobody changes it. */
export type BaseWeight = (module: string) => Float32Array;

/** What first values are made from. */
export interface InitContext {
  readonly settings: AdapterSettings;
  readonly init: AdapterInit;
  /** The stream of one factor: its values depend on neither the other factors nor the order. */
  readonly stream: (factor: string) => Rng;
  /** The weight of the factors' own module; only kinds and inits that {@link AdapterKind.readsBase} names may ask. */
  readonly weight: () => Float32Array;
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
  /** Factors that all modules share, placed before theirs; none unless given. */
  shared?(modules: readonly LinearModule[], settings: AdapterSettings): FactorSpec[];
  /** The inits that this kind offers, its default first. */
  readonly inits: readonly [AdapterInit, ...AdapterInit[]];
  /** Whether first values depend on the base weights, so that the coordinator publishes them. */
  readsBase(init: AdapterInit): boolean;
  /**
   * First values of the factors of one module, or of the shared ones, in their order; each `[size]`, row-major.
   *
   * Bit-identical on every platform for the same streams and weights: only operations that IEEE 754 fixes.
   */
  init(factors: readonly Factor[], context: InitContext): Float32Array[];
  /** The number that multiplies the product: LoRA `loraAlpha / rank`. */
  scaling(settings: AdapterSettings): number;
  /** How PEFT writes this kind; null when PEFT has no such kind. */
  readonly peft: PeftForm | null;
  /** The same change of the base as an adapter of a kind that PEFT has; for kinds that it has not. */
  portable?(adapter: AdapterValues): AdapterValues;
}

/** An adapter with what gives its values a meaning. */
export interface AdapterValues extends AdapterSettings {
  readonly kind: AdapterKind;
  readonly layout: Layout;
  /** `[layout.size]`. */
  readonly values: Float32Array;
}
