/** Adapter kinds of the products that core has no kind for yet: the suite tries what a method claims to accept. */
import type { AdapterKind, FactorRole } from "@fedtune/core";

interface ToyFactor {
  readonly name: string;
  readonly role: FactorRole;
  shape(module: { readonly in: number; readonly out: number }, rank: number): number[];
  /** First values; null draws them uniformly from (-0.5, 0.5). */
  readonly first: number | null;
}

function toyKind(
  name: string,
  product: AdapterKind["product"],
  factors: readonly ToyFactor[],
): AdapterKind {
  return {
    name,
    product,
    paper: { title: "none", id: "none" },
    factors: (module, { rank }) =>
      factors.map((factor) => ({
        name: `${module.name}.${factor.name}`,
        module: module.name,
        role: factor.role,
        shape: factor.shape(module, rank),
      })),
    inits: ["kaiming"],
    readsBase: () => false,
    init: (placed, { stream }) =>
      placed.map((factor) => {
        const first = factors.find(({ role }) => role === factor.role)?.first ?? null;
        const rng = stream(factor.name);
        return Float32Array.from({ length: factor.size }, () => first ?? rng.uniform() - 0.5);
      }),
    scaling: ({ rank, loraAlpha }) => loraAlpha / rank,
    peft: null,
  };
}

/** Vectors d `[r]` and b `[out]` around fixed matrices, as in VeRA. */
const diagonal = toyKind("toy-diagonal", "diagonal", [
  { name: "d", role: "down", shape: (_module, rank) => [rank], first: 0.1 },
  { name: "b", role: "up", shape: ({ out }) => [out], first: 0 },
]);

/** A, B and a magnitude `[out]`, as in DoRA. */
const magnitude = toyKind("toy-magnitude", "BA", [
  { name: "A", role: "down", shape: (module, rank) => [rank, module.in], first: null },
  { name: "B", role: "up", shape: ({ out }, rank) => [out, rank], first: 0 },
  { name: "m", role: "magnitude", shape: ({ out }) => [out], first: 1 },
]);

/** A and B drawn once and R `[r, r]` between them, as in LoRA-XS. */
const core = toyKind("toy-core", "BRA", [
  { name: "A", role: "down", shape: (module, rank) => [rank, module.in], first: null },
  { name: "B", role: "up", shape: ({ out }, rank) => [out, rank], first: null },
  { name: "R", role: "core", shape: (_module, rank) => [rank, rank], first: 0 },
]);

/** All of them. */
export const toyKinds: readonly AdapterKind[] = [diagonal, magnitude, core];
